using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Worker;

namespace BiT.Training.Verbs;

/// <summary>The options of <c>work</c> that say how a worker runs jobs. What the command line leaves open comes from environment variables,
/// with the names that the server uses: one set of variables configures both containers of a host.</summary>
internal sealed class WorkOptions
{
    private readonly Option<string> _worker = new("--worker-id")
    {
        Description = "Who this worker is, in leases and logs.",
        // Never the same for two processes: what one worker holds is taken from it when its namesake is known to be dead.
        DefaultValueFactory = _ => $"trainer-{Environment.MachineName}-{Guid.NewGuid():N}",
    };

    private readonly Option<string> _provider = new("--provider")
    {
        Description = $"Execution provider: cpu or cuda:N. [variable {Variables.Provider} or {Variables.RuntimeProvider}]",
        DefaultValueFactory = result => Variables.Text(Variables.Provider) ?? Variables.Text(Variables.RuntimeProvider) ?? RuntimeOptions.DefaultExecutionProvider,
    };

    private readonly Option<bool> _fallBackToCpu = new("--fall-back-to-cpu")
    {
        Description = $"Train on the CPU if the provider cannot be loaded, instead of ending with an error. [variable {Variables.FallBackToCpu}]",
        DefaultValueFactory = result => Variables.Parse(result, Variables.FallBackToCpu, bool.TryParse, false, "true or false"),
    };

    private readonly Option<int> _threads = new("--threads")
    {
        Description = $"Threads of an operator; 0 means one per core, or what a container's CPU quota allows. [variable {Variables.Threads}]",
        DefaultValueFactory = result => Variables.Parse(result, Variables.Threads, int.TryParse, 0, "a whole number"),
    };

    private readonly Option<long> _memory = new("--memory-bytes")
    {
        Description = $"Memory that decides how many photos one pass takes; 0 means half of the machine's or container's. [variable {Variables.MemoryBytes}]",
        DefaultValueFactory = result => Variables.Parse(result, Variables.MemoryBytes, long.TryParse, 0L, "a whole number of bytes"),
    };

    private readonly Option<bool> _spinning = new("--spinning")
    {
        Description = "Let idle threads spin: faster on a machine of its own, rude on a shared one.",
    };

    private readonly Option<bool> _plain = new("--no-managed-kernels")
    {
        Description = $"Train with ONNX Runtime's own operators alone: slower, for comparison. [variable {Variables.ManagedKernels}: false]",
        DefaultValueFactory = result => !Variables.Parse(result, Variables.ManagedKernels, bool.TryParse, true, "true or false"),
    };

    private readonly Option<double> _checkpoint = new("--checkpoint-seconds")
    {
        Description = "Seconds between two checkpoints.",
        DefaultValueFactory = _ => 30,
    };

    private readonly Option<string> _logFormat = new("--log-format")
    {
        Description = $"How log lines look: text, json, or auto (text on a terminal and for the server that started the trainer, json elsewhere). [variable {Variables.LogFormat}]",
        DefaultValueFactory = _ => Variables.Text(Variables.LogFormat)?.ToLowerInvariant() ?? "auto",
    };

    public WorkOptions()
    {
        Accept(_provider, IsProvider);
        Accept(_threads, threads => threads is >= 0 and <= WorkOptionFacts.MostThreads);
        Accept(_memory, bytes => bytes is 0 or >= WorkOptionFacts.LeastMemoryBytes and <= WorkOptionFacts.MostMemoryBytes);
        Accept(_checkpoint, seconds => seconds is > 0 and <= WorkOptionFacts.MostCheckpointSeconds);
        Accept(_logFormat, format => format is "auto" or "text" or "json");
    }

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_worker, _provider, _fallBackToCpu, _threads, _memory, _spinning, _plain, _checkpoint, _logFormat])
            command.Options.Add(option);
    }

    /// <summary>The log as it was asked for.</summary>
    /// <param name="isTerminal">Somebody reads along.</param>
    /// <param name="isSupervised">The server that started the trainer takes each line into its own log.</param>
    public TextWriter OpenLog(ParseResult parsed, TextWriter error, bool isTerminal, bool isSupervised)
    {
        var format = parsed.GetRequiredValue(_logFormat);
        var isText = format == "text" || (format == "auto" && (isTerminal || isSupervised));
        return isText ? TextWriter.Synchronized(error) : new JsonLog(error, TimeProvider.System);
    }

    /// <summary>The option that names the workspace.</summary>
    public static Option<string?> CreateWorkspace() => new("--workspace")
    {
        Description = $"Folder of the workspace. [variable {Variables.Workspace}]",
        DefaultValueFactory = _ => Variables.Text(Variables.Workspace),
    };

    /// <summary>The option that names the file of <see cref="AliveFile"/>.</summary>
    public static Option<string?> CreateAliveFile() => new("--alive-file")
    {
        Description = $"File that is touched every 5 seconds while the trainer works; see the verb health. [variable {Variables.AliveFile}]",
        DefaultValueFactory = _ => Variables.Text(Variables.AliveFile),
    };

    /// <summary>What the command line and the variables say.</summary>
    public TrainerOptions Read(ParseResult parsed)
    {
        var memory = parsed.GetValue(_memory);
        return new TrainerOptions
        {
            WorkerId = parsed.GetRequiredValue(_worker),
            Runtime = new RuntimeOptions
            {
                ExecutionProvider = parsed.GetRequiredValue(_provider),
                FallBackToCpu = parsed.GetValue(_fallBackToCpu),
                IntraOpThreads = parsed.GetValue(_threads),
                AllowSpinning = parsed.GetValue(_spinning),
                ManagedKernels = !parsed.GetValue(_plain),
            },
            CheckpointInterval = TimeSpan.FromSeconds(parsed.GetValue(_checkpoint)),
            MemoryBytes = memory == 0 ? MemoryBudget.DefaultBytes : memory,
        };
    }

    // As validators, so that everything that is wrong is reported at once.
    private static void Accept<T>(Option<T> option, Func<T, bool> isAccepted) => option.Validators.Add(result =>
    {
        if (TryGetValue<T>(result, out var value) && !isAccepted(value))
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} is {value}; expected {WorkOptionFacts.ByName[option.Name].Range}."));
    });

    private static bool TryGetValue<T>(OptionResult result, [MaybeNullWhen(false)] out T value)
    {
        try
        {
            value = result.GetValueOrDefault<T>();
            return value is not null;
        }
        catch (InvalidOperationException)
        {
            // No value of this type: the parser reports that.
            value = default;
            return false;
        }
    }

    private static bool IsProvider(string name)
    {
        try
        {
            SessionFactory.ParseProvider(name);
            return true;
        }
        catch (ExecutionProviderException)
        {
            return false;
        }
    }
}
