namespace BiT.Training.Networks;

/// <summary>Names of the optimisers on command lines and in files.</summary>
internal static class OrtOptimizerNames
{
    private static readonly Dictionary<string, OrtOptimizerKind> Kinds = new(StringComparer.Ordinal)
    {
        ["sgd-momentum"] = OrtOptimizerKind.SgdMomentum,
        ["adamw"] = OrtOptimizerKind.AdamW,
        ["sgd"] = OrtOptimizerKind.Sgd,
    };

    public static IReadOnlyList<string> All => [.. Kinds.Keys];

    public static OrtOptimizerKind Kind(string name) => Kinds[name];

    public static string Of(OrtOptimizerKind kind) => Kinds.First(entry => entry.Value == kind).Key;
}
