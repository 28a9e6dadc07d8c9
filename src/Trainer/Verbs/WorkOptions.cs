using System.CommandLine;
using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Worker;

namespace BiT.Training.Verbs;

/// <summary>The options of <c>work</c> that say how a worker runs jobs.</summary>
internal sealed class WorkOptions
{
    private const int MostThreads = 1024;
    private const double MostCheckpointSeconds = 86_400;

    // Less fits no training at all: it is a number in another unit.
    private const long LeastMemoryBytes = 64L << 20;
    private const long MostMemoryBytes = 1L << 50;

    private readonly Option<string> _worker = new("--worker-id")
    {
        Description = "Who this worker is, in leases and logs.",
        DefaultValueFactory = _ => $"trainer-{Environment.MachineName}-{Environment.ProcessId}",
    };

    private readonly Option<string> _provider = new("--provider")
    {
        Description = "Execution provider: cpu or cuda:N.",
        DefaultValueFactory = _ => "cpu",
    };

    private readonly Option<bool> _fallBackToCpu = new("--fall-back-to-cpu")
    {
        Description = "Train on the CPU if the provider cannot be loaded, instead of ending with an error.",
    };

    private readonly Option<int> _threads = new("--threads") { Description = "Threads of an operator; 0 means one per core." };

    private readonly Option<long> _memory = new("--memory-bytes")
    {
        Description = "Memory that decides how many photos one pass takes; 0 means half of the machine's or container's.",
    };

    private readonly Option<bool> _spinning = new("--spinning")
    {
        Description = "Let idle threads spin: faster on a machine of its own, rude on a shared one.",
    };

    private readonly Option<bool> _plain = new("--no-managed-kernels")
    {
        Description = "Train with ONNX Runtime's own operators alone: slower, for comparison.",
    };

    private readonly Option<double> _checkpoint = new("--checkpoint-seconds")
    {
        Description = "Seconds between two checkpoints.",
        DefaultValueFactory = _ => 30,
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_worker, _provider, _fallBackToCpu, _threads, _memory, _spinning, _plain, _checkpoint])
            command.Options.Add(option);
    }

    /// <summary>What the command line says.</summary>
    /// <exception cref="UsageException">A value is out of range.</exception>
    public TrainerOptions Read(ParseResult parsed)
    {
        var seconds = parsed.GetValue(_checkpoint);
        if (!(seconds > 0 && seconds <= MostCheckpointSeconds))
            throw new UsageException($"--checkpoint-seconds is {seconds}; expected more than 0 and at most {MostCheckpointSeconds}.");
        var threads = parsed.GetValue(_threads);
        if (threads is < 0 or > MostThreads)
            throw new UsageException($"--threads is {threads}; expected 0 (one per core) to {MostThreads}.");
        var memory = parsed.GetValue(_memory);
        if (memory != 0 && memory is < LeastMemoryBytes or > MostMemoryBytes)
            throw new UsageException($"--memory-bytes is {memory}; expected 0 (half of the memory) or {LeastMemoryBytes} to {MostMemoryBytes}.");
        return new TrainerOptions
        {
            WorkerId = parsed.GetRequiredValue(_worker),
            Runtime = new RuntimeOptions
            {
                ExecutionProvider = parsed.GetRequiredValue(_provider),
                FallBackToCpu = parsed.GetValue(_fallBackToCpu),
                IntraOpThreads = threads,
                AllowSpinning = parsed.GetValue(_spinning),
                ManagedKernels = !parsed.GetValue(_plain),
            },
            CheckpointInterval = TimeSpan.FromSeconds(seconds),
            MemoryBytes = memory == 0 ? MemoryBudget.DefaultBytes : memory,
        };
    }
}
