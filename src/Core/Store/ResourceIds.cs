using System.Text.RegularExpressions;

namespace BiT.Core.Store;

/// <summary>Which ids the store accepts.</summary>
public static partial class ResourceIds
{
    /// <summary>Whether a text can name a model or an alias: 1 to 63 characters, a-z, 0-9 and -, beginning with a letter.</summary>
    public static bool IsName(string text) => NamePattern().IsMatch(text);

    /// <summary>Whether a text has the form of a job id: 32 hexadecimal digits in lower case.</summary>
    public static bool IsJobId(string text) => JobIdPattern().IsMatch(text);

    /// <summary>Whether a text has the form of a sha256: 64 hexadecimal digits in lower case.</summary>
    public static bool IsHash(string text) => HashPattern().IsMatch(text);

    internal static void CheckModelId(string modelId)
    {
        if (!IsName(modelId))
            throw new ArgumentException($"Model id '{modelId}' is not valid: "
                + "expected 1 to 63 characters a-z, 0-9 and -, beginning with a letter.", nameof(modelId));
    }

    internal static void CheckAlias(string alias)
    {
        if (!IsName(alias))
            throw new ArgumentException($"Alias '{alias}' is not valid: "
                + "expected 1 to 63 characters a-z, 0-9 and -, beginning with a letter.", nameof(alias));
    }

    internal static void CheckHash(string hash)
    {
        if (!IsHash(hash))
            throw new ArgumentException($"'{hash}' is not the hash of a blob: expected 64 hexadecimal digits in lower case.", nameof(hash));
    }

    // \z, not $: $ would let a trailing line feed through.
    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[0-9a-f]{32}\z", RegexOptions.CultureInvariant)]
    private static partial Regex JobIdPattern();

    [GeneratedRegex(@"^[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HashPattern();
}
