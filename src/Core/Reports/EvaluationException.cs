namespace BiT.Core.Reports;

/// <summary>A version cannot be evaluated on these photos.</summary>
/// <param name="reason">Stable code: LABEL_MISMATCH, NO_PHOTOS, MODEL_NOT_LOADABLE or BROKEN_MODEL.</param>
/// <param name="message">What was expected, what came and the cure.</param>
public sealed class EvaluationException(string reason, string message) : Exception(message)
{
    /// <summary>Stable code in UPPER_SNAKE_CASE.</summary>
    public string Reason { get; } = reason;
}
