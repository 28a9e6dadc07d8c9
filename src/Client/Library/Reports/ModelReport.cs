namespace BiT.Client;

/// <summary>How a version learned and how right it is.</summary>
public sealed record ModelReport
{
    /// <summary><c>models/{model}/versions/{version}</c>.</summary>
    public required string ModelVersion { get; init; }

    /// <summary><c>datasets/{dataset}</c> that the evaluation used.</summary>
    public string Dataset { get; init; } = "";

    /// <summary>How it learned, by rising step, at most 2,000 points; empty for an evaluation that was asked for.</summary>
    public IReadOnlyList<CurvePoint> Curve { get; init; } = [];

    /// <summary>How right it is; null without validation photos.</summary>
    public Evaluation? Evaluation { get; init; }

    /// <summary>The report as a self-contained HTML page, UTF-8; empty unless it was asked for with an evaluation.</summary>
    public ReadOnlyMemory<byte> Page { get; init; }
}

/// <summary>A point of the training curves; null is what was not measured at this step.</summary>
/// <param name="Step">Optimiser step, from 1.</param>
/// <param name="Loss">Mean training loss since the previous loss (natural logarithm).</param>
/// <param name="LearningRate">Learning rate of this step.</param>
/// <param name="ValidationAccuracy">Share of validation photos classified right, 0 to 1.</param>
/// <param name="Elapsed">Time of training until here, over all attempts.</param>
public sealed record CurvePoint(long Step, double? Loss, double? LearningRate, double? ValidationAccuracy, TimeSpan Elapsed);
