using System.Reflection;
using System.Text.Json;

namespace BiT.Training.Publishing;

/// <summary>What a version's manifest says about where it came from. Equal data, plan, base, code and fingerprint give equal versions.</summary>
internal static class Lineage
{
    /// <summary>Id of the data set, which is the sha256 of what it holds.</summary>
    public const string DataHash = "dataHash";

    /// <summary>sha256 of the resolved plan.</summary>
    public const string PlanHash = "planHash";

    /// <summary>sha256 of the weights that training started from; null if they were random.</summary>
    public const string BaseHash = "baseHash";

    /// <summary>sha256 of the file that a version was imported from.</summary>
    public const string FileHash = "fileHash";

    /// <summary>Version of the program, with the commit where it was built from one.</summary>
    public const string CodeVersion = "codeVersion";

    /// <summary>What decides the last bits; see <see cref="Publishing.Fingerprint"/>.</summary>
    public const string Fingerprint = "fingerprint";

    /// <summary>sha256 of the state that training ended with; see <see cref="Checkpoints.StateDigest"/>.</summary>
    public const string FinalState = "finalState";

    /// <summary>The code that runs now.</summary>
    public static string ThisCode { get; } = typeof(Lineage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? throw new InvalidOperationException("The program was built without a version.");

    /// <summary>The same lineage with one more value.</summary>
    public static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> lineage, string key, string? value) =>
        new Dictionary<string, string>(lineage) { [key] = JsonSerializer.Serialize(value) };
}
