namespace BiT.Client;

/// <summary>How right a version is on labelled photos.</summary>
public sealed record Evaluation
{
    /// <summary>Photos that were classified.</summary>
    public required int PhotoCount { get; init; }

    /// <summary>Share of photos whose most probable class is right, 0 to 1.</summary>
    public required double Top1Accuracy { get; init; }

    /// <summary>Share of photos with the right class among the five most probable, 0 to 1; null for fewer than ten classes.</summary>
    public double? Top5Accuracy { get; init; }

    /// <summary>Mean cross-entropy (natural logarithm).</summary>
    public required double Loss { get; init; }

    /// <summary>Expected calibration error over the bins of <see cref="Calibration"/>, 0 to 1: how far the probabilities that it names are
    /// from how often they are right.</summary>
    public required double ExpectedCalibrationError { get; init; }

    /// <summary>In the order of the model's labels.</summary>
    public IReadOnlyList<ClassEvaluation> Classes { get; init; } = [];

    /// <summary>The cells of the confusion matrix that are not 0.</summary>
    public IReadOnlyList<ConfusionCell> Confusion { get; init; } = [];

    /// <summary>The photos with the highest loss first, at most 50: hard, or wrongly labelled.</summary>
    public IReadOnlyList<PhotoLoss> HighestLosses { get; init; } = [];

    /// <summary>15 bins of the highest probability, empty ones included.</summary>
    public IReadOnlyList<CalibrationBin> Calibration { get; init; } = [];
}

/// <summary>How right a version is about one class.</summary>
/// <param name="Label">Class name.</param>
/// <param name="PhotoCount">Photos of this class.</param>
/// <param name="Precision">Of the photos taken for the class, the share that belongs to it, 0 to 1; null if there are none.</param>
/// <param name="Recall">Of the photos of the class, the share taken for it, 0 to 1; null if there are none.</param>
/// <param name="F1">2 TP / (2 TP + FP + FN), 0 to 1; null if there are neither.</param>
public sealed record ClassEvaluation(string Label, int PhotoCount, double? Precision, double? Recall, double? F1);

/// <summary>How many photos of one class were taken for a class.</summary>
/// <param name="Actual">Index in <see cref="Evaluation.Classes"/> of what the photos are labelled.</param>
/// <param name="Predicted">Index in <see cref="Evaluation.Classes"/> of what they were taken for.</param>
/// <param name="PhotoCount">At least 1.</param>
public sealed record ConfusionCell(int Actual, int Predicted, int PhotoCount);

/// <summary>A photo and how far the version is off.</summary>
/// <param name="FileName">Its name in its data set.</param>
/// <param name="Label">What it is labelled.</param>
/// <param name="PredictedLabel">What it was taken for.</param>
/// <param name="PredictedProbability">Probability of that class, 0 to 1.</param>
/// <param name="LabelProbability">Probability of the labelled class, 0 to 1.</param>
/// <param name="Loss">Cross-entropy (natural logarithm).</param>
/// <param name="Photo">sha256 of the photo's bytes, hexadecimal.</param>
public sealed record PhotoLoss(
    string FileName, string Label, string PredictedLabel, double PredictedProbability, double LabelProbability, double Loss, string Photo);

/// <summary>The photos whose highest probability lies in a range.</summary>
/// <param name="From">Begin of the range, 0 to 1; exclusive.</param>
/// <param name="To">End of the range; inclusive.</param>
/// <param name="PhotoCount">Photos in it.</param>
/// <param name="MeanProbability">Mean of their highest probabilities; 0 without photos.</param>
/// <param name="Accuracy">Share of them classified right; 0 without photos.</param>
public sealed record CalibrationBin(double From, double To, int PhotoCount, double MeanProbability, double Accuracy);
