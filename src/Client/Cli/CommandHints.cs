namespace BiT.CommandLine;

/// <summary>Which command is the cure for a refusal. The service knows calls; people here know commands.</summary>
internal static class CommandHints
{
    private static readonly Dictionary<string, string> ByReason = new(StringComparer.Ordinal)
    {
        ["UNREACHABLE"] = "Start one with `bit serve`, or name another with --server URL or the variable BIT_SERVER.",
        ["ALIAS_NOT_FOUND"] = "Promote a version: `bit models promote MODEL/N`; `bit models versions MODEL` lists them.",
        ["MODEL_NOT_FOUND"] = "`bit models` lists those that exist.",
        ["JOB_NOT_FOUND"] = "`bit jobs` lists those that exist.",
        ["NO_PREVIOUS_VERSION"] = "Name a version: `bit models promote MODEL/N`.",
        ["MODEL_HAS_ALIAS"] = "Here that is `bit models unalias MODEL ALIAS`.",
        ["VERSION_HAS_ALIAS"] = "Here that is `bit models promote MODEL/N` with another version, or `bit models unalias MODEL ALIAS`.",
        ["JOB_NOT_DONE"] = "`bit jobs cancel JOB` ends it.",
        ["DATASET_IN_USE"] = "`bit jobs` shows them, `bit jobs cancel JOB` ends one.",
    };

    /// <returns>A sentence; null if the service's words are enough.</returns>
    public static string? Of(string reason) => ByReason.GetValueOrDefault(reason);
}
