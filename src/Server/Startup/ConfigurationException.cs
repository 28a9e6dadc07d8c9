namespace BiT.Serving.Startup;

/// <summary>The configuration cannot be used; the message lists every violation.</summary>
internal sealed class ConfigurationException(IReadOnlyList<string> violations)
    : Exception($"The configuration has {violations.Count} error(s):\n  - {string.Join("\n  - ", violations)}")
{
    public IReadOnlyList<string> Violations { get; } = violations;
}
