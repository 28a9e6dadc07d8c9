namespace BiT.Training.Planning;

/// <summary>A run cannot be planned as asked. Lists everything that is wrong, not only the first.</summary>
/// <param name="violations">At least one sentence: which value, what came, what was expected, the cure.</param>
public sealed class PlanException(IReadOnlyList<string> violations) : Exception("Cannot plan the run. " + string.Join(" ", violations))
{
    /// <summary>One sentence for each value that is wrong.</summary>
    public IReadOnlyList<string> Violations { get; } = violations;
}
