namespace BiT.Core.Reports;

/// <summary>How right a version is on labelled photos.</summary>
public sealed record EvaluationReport
{
    /// <summary>Photos that were classified, at least 1.</summary>
    public required int PhotoCount { get; init; }

    /// <summary>Share of photos whose most probable class is right, 0 to 1; of equally probable classes the first counts, as in
    /// serving.</summary>
    public required double Top1Accuracy { get; init; }

    /// <summary>Share of photos with the right class among the five most probable, 0 to 1; null for fewer than ten classes.</summary>
    public double? Top5Accuracy { get; init; }

    /// <summary>Mean cross-entropy (natural logarithm).</summary>
    public required double Loss { get; init; }

    /// <summary>Expected calibration error over <see cref="Calibration"/>, 0 to 1: the mean distance between the highest probability and
    /// the share that is right.</summary>
    public required double ExpectedCalibrationError { get; init; }

    /// <summary>By class index.</summary>
    public required IReadOnlyList<ClassEvaluation> Classes { get; init; }

    /// <summary>The cells of the confusion matrix that are not 0, by actual and then predicted class.</summary>
    public required IReadOnlyList<ConfusionCell> Confusion { get; init; }

    /// <summary>The photos with the highest loss first, at most 50.</summary>
    public required IReadOnlyList<PhotoLoss> HighestLosses { get; init; }

    /// <summary>The 15 bins of the highest probability, empty ones included.</summary>
    public required IReadOnlyList<CalibrationBin> Calibration { get; init; }
}

/// <summary>How right a version is about one class.</summary>
/// <param name="Label">Class name.</param>
/// <param name="PhotoCount">Photos of this class.</param>
/// <param name="Precision">Of the photos predicted as the class, the share that belongs to it; null if there are none.</param>
/// <param name="Recall">Of the photos of the class, the share predicted as it; null if there are none.</param>
/// <param name="F1">2 TP / (2 TP + FP + FN); null if nothing belongs to the class or was predicted as it.</param>
public sealed record ClassEvaluation(string Label, int PhotoCount, double? Precision, double? Recall, double? F1);

/// <summary>How many photos of one class were predicted as a class.</summary>
/// <param name="Actual">Class index of the label.</param>
/// <param name="Predicted">Class index of the prediction.</param>
/// <param name="PhotoCount">At least 1.</param>
public sealed record ConfusionCell(int Actual, int Predicted, int PhotoCount);

/// <summary>A photo and how far the version is off: hard, or wrongly labelled.</summary>
/// <param name="FileName">Name in its data set.</param>
/// <param name="Photo">sha256 of its bytes, hexadecimal.</param>
/// <param name="Label">Class name that it was given.</param>
/// <param name="Predicted">Class name of the most probable class.</param>
/// <param name="PredictedProbability">Probability of that class, 0 to 1.</param>
/// <param name="LabelProbability">Probability of the labelled class, 0 to 1.</param>
/// <param name="Loss">Cross-entropy (natural logarithm).</param>
public sealed record PhotoLoss(
    string FileName, string Photo, string Label, string Predicted, double PredictedProbability, double LabelProbability, double Loss);

/// <summary>Photos whose highest probability lies in (From, To].</summary>
/// <param name="From">Exclusive.</param>
/// <param name="To">Inclusive.</param>
/// <param name="PhotoCount">Photos in the bin.</param>
/// <param name="MeanProbability">Mean of their highest probabilities; 0 in an empty bin.</param>
/// <param name="Accuracy">Share of them classified right; 0 in an empty bin.</param>
public sealed record CalibrationBin(double From, double To, int PhotoCount, double MeanProbability, double Accuracy);
