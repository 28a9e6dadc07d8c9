namespace BiT.Core.Reports;

/// <summary>How a version learned and how right it is: the blob that <see cref="Store.ModelManifest.Report"/> names.</summary>
/// <remarks>Holds no time, no job and no version: equal plans, photos and seeds give equal bytes. See docs/formats/models.md.</remarks>
public sealed record VersionReport
{
    /// <summary>Id of the data set that the evaluation used.</summary>
    public required string DatasetId { get; init; }

    /// <summary>How it learned, by rising step; empty for an evaluation alone.</summary>
    public IReadOnlyList<CurvePoint> Curve { get; init; } = [];

    /// <summary>How right it is; null without validation photos.</summary>
    public EvaluationReport? Evaluation { get; init; }
}

/// <summary>A point of the training curves; null is what was not measured at this step.</summary>
/// <param name="Step">Optimiser steps done, from 1.</param>
/// <param name="Loss">Mean training loss of the steps since the previous loss (natural logarithm).</param>
/// <param name="LearningRate">Learning rate of this step.</param>
/// <param name="ValidationAccuracy">Share of validation photos classified right, 0 to 1.</param>
public sealed record CurvePoint(long Step, double? Loss, double? LearningRate, double? ValidationAccuracy);
