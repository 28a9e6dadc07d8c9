using System.Text.RegularExpressions;

namespace BiT.CommandLine;

/// <summary>Which command is the cure for a refusal. The service knows calls; people here know commands.</summary>
internal static partial class CommandHints
{
    private static readonly Dictionary<string, string> ByReason = new(StringComparer.Ordinal)
    {
        ["UNREACHABLE"] = "Start one with `bit serve`, or name another with --server URL or the variable BIT_SERVER.",
        ["MODEL_HAS_ALIAS"] = "Here that is `bit models unalias MODEL ALIAS`.",
        ["VERSION_HAS_ALIAS"] = "Here that is `bit models promote MODEL/N` with another version, or `bit models unalias MODEL ALIAS`.",
        ["JOB_NOT_DONE"] = "`bit jobs cancel JOB` ends it.",
        ["DATASET_IN_USE"] = "`bit jobs` shows them, `bit jobs cancel JOB` ends one.",
    };

    private static readonly Dictionary<string, string> ByCall = new(StringComparer.Ordinal)
    {
        ["ListModels"] = "bit models",
        ["ListModelVersions"] = "bit models versions",
        ["SetAlias"] = "bit models promote",
        ["ListDatasets"] = "bit datasets",
        ["ListFineTuneJobs"] = "bit jobs",
        ["PauseFineTuneJob"] = "bit jobs pause",
        ["ResumeFineTuneJob"] = "bit jobs resume",
    };

    /// <returns>A sentence; null if the service's words are enough.</returns>
    public static string? Of(string reason) => ByReason.GetValueOrDefault(reason);

    /// <summary>The service's words, with commands in the place of calls.</summary>
    public static string InCommands(string message) =>
        Word().Replace(message, word => ByCall.TryGetValue(word.Value, out var command) ? $"`{command}`" : word.Value);

    [GeneratedRegex(@"\b[A-Z][a-z]+[A-Z]\w+\b")]
    private static partial Regex Word();
}
