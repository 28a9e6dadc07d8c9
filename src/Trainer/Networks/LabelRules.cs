namespace BiT.Training.Networks;

/// <summary>Which class names a version can have.</summary>
internal static class LabelRules
{
    private const int MaxLength = 200;

    /// <summary>What is wrong, in one sentence; null if nothing is.</summary>
    public static string? Violation(IReadOnlyList<string> labels)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < labels.Count; index++)
        {
            if (labels[index] is not { Length: >= 1 and <= MaxLength })
                return $"Class name {index} has {labels[index]?.Length ?? 0} characters; expected 1 to {MaxLength}.";
            if (!known.Add(labels[index]))
                return $"Class name '{labels[index]}' comes twice; every class needs a name of its own.";
        }
        return null;
    }
}
