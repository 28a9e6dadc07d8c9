using BiT.Core.Runtime;

namespace BiT.Training.Verbs;

/// <summary>What there is to know about an option of <c>work</c> beyond its description: docs/configuration.md and the messages are made of it.</summary>
/// <param name="Type">Kind of value.</param>
/// <param name="Range">What is accepted.</param>
/// <param name="Default">What counts if neither the command line nor a variable says anything.</param>
/// <param name="Unit">Of a number.</param>
/// <param name="Variables">Read where the command line says nothing; the first that is set counts.</param>
internal sealed record WorkOptionFacts(string Type, string Range, string Default, string Unit = "", params string[] Variables)
{
    public const int MostThreads = 1024;
    public const double MostCheckpointSeconds = 86_400;

    // Less fits no training at all: it is a number in another unit.
    public const long LeastMemoryBytes = 64L << 20;
    public const long MostMemoryBytes = 1L << 50;

    private const string Switch = "true or false";

    /// <summary>By the name of the option.</summary>
    public static IReadOnlyDictionary<string, WorkOptionFacts> ByName { get; } = new Dictionary<string, WorkOptionFacts>
    {
        ["--workspace"] = new("text", "a folder on a local disk", "none: it must be named", "", Verbs.Variables.Workspace),
        ["--alive-file"] = new("text", "a file", "none", "", Verbs.Variables.AliveFile),
        ["--exit-with-stdin"] = new(Switch, "", "false"),
        ["--worker-id"] = new("text", "", "a new one for each process"),
        ["--provider"] = new("text", "cpu or cuda:N", RuntimeOptions.DefaultExecutionProvider, "", Verbs.Variables.Provider, Verbs.Variables.RuntimeProvider),
        ["--fall-back-to-cpu"] = new(Switch, "", "false", "", Verbs.Variables.FallBackToCpu),
        ["--threads"] = new("whole number", $"0 to {MostThreads}", "0", "threads", Verbs.Variables.Threads),
        ["--memory-bytes"] = new("whole number", $"0, or {LeastMemoryBytes} to {MostMemoryBytes}", "0", "bytes", Verbs.Variables.MemoryBytes),
        ["--spinning"] = new(Switch, "", "false"),
        ["--no-managed-kernels"] = new(Switch, "", "false", "", $"{Verbs.Variables.ManagedKernels}: false"),
        ["--checkpoint-seconds"] = new("number", $"more than 0, to {MostCheckpointSeconds}", "30", "seconds"),
        ["--log-format"] = new("text", "auto, text or json", "auto", "", Verbs.Variables.LogFormat),
    };
}
