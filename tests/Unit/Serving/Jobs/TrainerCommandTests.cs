using System.CommandLine;
using BiT.Core.Runtime;
using BiT.Serving.Jobs;
using BiT.Training.Artifacts;
using BiT.Training.Verbs;
using ServedTrainerCommand = BiT.Serving.Jobs.TrainerCommand;
using ServedTrainerOptions = BiT.Serving.Jobs.TrainerOptions;
using WorkerOptions = BiT.Training.Worker.TrainerOptions;

namespace BiT.Tests.Unit.Serving.Jobs;

public sealed class TrainerCommandTests
{
    private static readonly RuntimeOptions Gpu = new() { ExecutionProvider = "cuda:2", FallBackToCpu = true, IntraOpThreads = 7 };

    [Fact]
    public void Create_Defaults_FollowTheServersProviderButNotItsThreads()
    {
        var arguments = Arguments(new ServedTrainerOptions(), Gpu);

        Assert.Equal(
            ["work", "--workspace", "/data", "--worker-id", "local-1", "--exit-with-stdin",
                "--provider", "cuda:2", "--threads", "0", "--memory-bytes", "0", "--fall-back-to-cpu"],
            arguments);
    }

    [Fact]
    public void Create_EveryOption_IsPassedInsteadOfTheServers()
    {
        var options = new ServedTrainerOptions { ExecutionProvider = "cpu", Threads = 3, MemoryBytes = 4_000_000_000, FallBackToCpu = false };

        Assert.Equal(["--provider", "cpu", "--threads", "3", "--memory-bytes", "4000000000"], Arguments(options, Gpu).Skip(6));
    }

    // The two programs share no code for this: the trainer's own parser reads what the server builds.
    [Fact]
    public void Create_EveryOption_IsUnderstoodByTheTrainer()
    {
        var options = new ServedTrainerOptions { ExecutionProvider = "cuda:1", Threads = 3, MemoryBytes = 4_000_000_000, FallBackToCpu = true };

        var read = Parse(Arguments(options, new RuntimeOptions { ManagedKernels = false }));

        Assert.Equal(new RuntimeOptions { ExecutionProvider = "cuda:1", IntraOpThreads = 3, FallBackToCpu = true, ManagedKernels = false }, read.Runtime);
        Assert.Equal(("local-1", 4_000_000_000), (read.WorkerId, read.MemoryBytes));
    }

    [Fact]
    public void Create_Defaults_MeanTheCpuAllCoresAndHalfOfTheMemory()
    {
        var read = Parse(Arguments(new ServedTrainerOptions(), new RuntimeOptions()));

        Assert.Equal(new RuntimeOptions(), read.Runtime);
        Assert.Equal((Environment.ProcessorCount, MemoryBudget.DefaultBytes), (read.Threads, read.MemoryBytes));
    }

    private static List<string> Arguments(ServedTrainerOptions options, RuntimeOptions runtime)
    {
        var start = ServedTrainerCommand.Create(options with { Niceness = 0 }, runtime, "/bit/BiT.Trainer.dll", "/data", "local-1");
        Assert.Equal("/bit/BiT.Trainer.dll", start.ArgumentList[0]);
        return [.. start.ArgumentList.Skip(1)];
    }

    private static WorkerOptions Parse(List<string> arguments)
    {
        // The whole command line must be known to the trainer; its values are read by the part that runs jobs.
        Assert.Empty(BiT.Training.Verbs.TrainerCommand.Create().Parse(arguments).Errors);
        var options = new WorkOptions();
        var work = new Command("work") { new Option<string>("--workspace"), new Option<bool>("--exit-with-stdin") };
        options.AddTo(work);
        var parsed = new RootCommand { work }.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return options.Read(parsed);
    }
}
