using System.Net;
using BiT.Core.Runtime;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
using BiT.Serving.Jobs;
using BiT.Serving.Upkeep;

namespace BiT.Serving.Startup;

/// <summary>Everything that can be configured, read once at the start and checked as a whole.</summary>
internal sealed record ServerOptions
{
    private const string LogFormatKey = "Logging:Format";

    private static readonly string[] Sections = [.. OptionTypes.Select(option => option.Section), "Logging"];

    private static readonly string[] Switches = [nameof(StopWithStandardInput), ServerConfiguration.FileKey, ServerConfiguration.SecretsKey];

    /// <summary>The sections whose options are defined here; <c>Logging</c> is the framework's.</summary>
    public static IReadOnlyList<(string Section, Type Type)> OptionTypes =>
    [
        ("Listen", typeof(ListenOptions)), ("Workspace", typeof(WorkspaceFolderOptions)), ("Limits", typeof(LimitOptions)),
        ("Batching", typeof(BatchingOptions)), ("Hosting", typeof(HostingOptions)), ("Trainer", typeof(TrainerOptions)),
        ("Runtime", typeof(RuntimeOptions)), ("Retention", typeof(RetentionOptions)),
    ];

    public required IPEndPoint EndPoint { get; init; }

    /// <summary>Where browsers find the pages; null for nowhere.</summary>
    public required IPEndPoint? WebEndPoint { get; init; }

    public required ListenOptions Listen { get; init; }
    public required WorkspaceFolderOptions Workspace { get; init; }
    public required LimitOptions Limits { get; init; }
    public required BatchingOptions Batching { get; init; }
    public required HostingOptions Hosting { get; init; }
    public required TrainerOptions Trainer { get; init; }
    public required RuntimeOptions Runtime { get; init; }
    public required RetentionOptions Retention { get; init; }

    /// <summary>How log lines look.</summary>
    public required LogFormat LogFormat { get; init; }

    /// <summary>Whether the server stops when its standard input closes: a process that started it takes it along when it is
    /// killed.</summary>
    public required bool StopWithStandardInput { get; init; }

    /// <summary>Reads and checks the options.</summary>
    /// <param name="arguments">The command line, to find misspelt sections in it.</param>
    /// <exception cref="ConfigurationException">Something is out of range, unknown or contradictory; lists all of it.</exception>
    public static ServerOptions Read(IConfiguration configuration, string[] arguments)
    {
        var reader = new OptionsReader(configuration);
        var listen = reader.Read<ListenOptions>("Listen");
        var endPoint = listen.ToEndPoint(out var listenViolation);
        var webEndPoint = listen.ToWebEndPoint(out var webViolation);
        foreach (var violation in new[] { listenViolation, webViolation }.OfType<string>())
            reader.Add(violation);
        var options = new ServerOptions
        {
            EndPoint = endPoint,
            WebEndPoint = webEndPoint,
            Listen = listen,
            Workspace = reader.Read<WorkspaceFolderOptions>("Workspace"),
            Limits = reader.Read<LimitOptions>("Limits"),
            Batching = reader.Read<BatchingOptions>("Batching"),
            Hosting = reader.Read<HostingOptions>("Hosting"),
            Trainer = reader.Read<TrainerOptions>("Trainer"),
            Runtime = reader.Read<RuntimeOptions>("Runtime"),
            Retention = reader.Read<RetentionOptions>("Retention"),
            LogFormat = reader.ReadChoice(LogFormatKey, LogFormat.Auto),
            StopWithStandardInput = reader.ReadSwitch(nameof(StopWithStandardInput)),
        };
        foreach (var violation in options.Contradictions().Concat(UnknownArguments(arguments)))
            reader.Add(violation);
        return reader.Violations.Count == 0 ? options : throw new ConfigurationException(reader.Violations);
    }

    private IEnumerable<string> Contradictions()
    {
        if (Batching.Capacity < Limits.MaxImagesPerRequest)
        {
            yield return $"Batching:Capacity is {Batching.Capacity}, below Limits:MaxImagesPerRequest = {Limits.MaxImagesPerRequest}: "
                + "a full request could never be taken. Raise the one or lower the other.";
        }
        if (Limits.MaxRequestBytes < Limits.MaxImageBytes)
        {
            yield return $"Limits:MaxRequestBytes is {Limits.MaxRequestBytes}, below Limits:MaxImageBytes = {Limits.MaxImageBytes}: "
                + "the largest image could never be sent. Raise the one or lower the other.";
        }
        if (string.IsNullOrWhiteSpace(Workspace.Path))
            yield return "Workspace:Path is empty; expected a folder.";
        if (Trainer.Enabled && TrainerCommand.Find(Trainer) is null)
        {
            yield return Trainer.Path is { } path
                ? $"Trainer:Path is '{path}', and there is no such file. Correct it, or set Trainer:Enabled false."
                : $"There is no {TrainerCommand.FileName} beside the server. "
                    + "Build the solution, set Trainer:Path, or set Trainer:Enabled false.";
        }
        if (ProviderViolation(Runtime.ExecutionProvider) is { } provider)
            yield return $"Runtime:ExecutionProvider: {provider}";
        if (Trainer.ExecutionProvider is { } own && ProviderViolation(own) is { } trainerProvider)
            yield return $"Trainer:ExecutionProvider: {trainerProvider}";
        if (Trainer.MemoryBytes is > 0 and < TrainerOptions.LeastMemoryBytes)
        {
            yield return $"Trainer:MemoryBytes is {Trainer.MemoryBytes}; expected 0 (half of the memory) or at least "
                + $"{TrainerOptions.LeastMemoryBytes}. The unit is bytes.";
        }
    }

    private static string? ProviderViolation(string provider)
    {
        try
        {
            SessionFactory.ParseProvider(provider);
            return null;
        }
        catch (ExecutionProviderException failure)
        {
            return failure.Message;
        }
    }

    // The command line's provider passes over what it does not understand.
    private static IEnumerable<string> UnknownArguments(string[] arguments)
    {
        for (var index = 0; index < arguments.Length; index++)
        {
            var argument = arguments[index];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                yield return $"'{argument}' is not understood; expected --Section:Option VALUE. --help lists the options.";
                continue;
            }
            var section = argument[2..].Split(':', '=')[0];
            if (!Sections.Concat(Switches).Contains(section, StringComparer.OrdinalIgnoreCase))
                yield return $"--{section} is unknown; sections are {string.Join(", ", Sections)}, for example --Listen:Address http://127.0.0.1:5075.";
            if (!argument.Contains('=', StringComparison.Ordinal) && ++index >= arguments.Length)
                yield return $"{argument} has no value.";
        }
    }

    /// <summary>How the trainer that this server starts runs graphs, for a check at the start; null if it starts none, or one of another build.</summary>
    public RuntimeOptions? TrainerRuntime => !Trainer.Enabled || Trainer.Path is not null ? null : Runtime with
    {
        ExecutionProvider = Trainer.ExecutionProvider ?? Runtime.ExecutionProvider,
        FallBackToCpu = Trainer.FallBackToCpu ?? Runtime.FallBackToCpu,
    };
}
