using Wire = BiT.Protocol.V1;

namespace BiT.Client;

/// <summary>Reports from messages.</summary>
internal static class ReportWire
{
    internal static ModelReport FromWire(Wire.ModelReport report) => new()
    {
        ModelVersion = report.ModelVersion,
        Dataset = report.Dataset,
        Curve = [.. report.Curve.Select(FromWire)],
        Evaluation = report.Evaluation is null ? null : FromWire(report.Evaluation),
        Page = report.Page.Memory,
    };

    private static CurvePoint FromWire(Wire.CurvePoint point) => new(
        point.Step, point.HasLoss ? point.Loss : null, point.HasLearningRate ? point.LearningRate : null,
        point.HasValidationAccuracy ? point.ValidationAccuracy : null, TimeSpan.FromSeconds(point.Seconds));

    private static Evaluation FromWire(Wire.Evaluation evaluation) => new()
    {
        PhotoCount = evaluation.PhotoCount,
        Top1Accuracy = evaluation.Top1Accuracy,
        Top5Accuracy = evaluation.HasTop5Accuracy ? evaluation.Top5Accuracy : null,
        Loss = evaluation.Loss,
        ExpectedCalibrationError = evaluation.ExpectedCalibrationError,
        Classes = [.. evaluation.Classes.Select(item => new ClassEvaluation(
            item.Label, item.PhotoCount, item.HasPrecision ? item.Precision : null, item.HasRecall ? item.Recall : null,
            item.HasF1 ? item.F1 : null))],
        Confusion = [.. evaluation.Confusion.Select(cell => new ConfusionCell(cell.Actual, cell.Predicted, cell.PhotoCount))],
        HighestLosses = [.. evaluation.HighestLosses.Select(photo => new PhotoLoss(
            photo.FileName, photo.Label, photo.PredictedLabel, photo.PredictedProbability, photo.LabelProbability, photo.Loss, photo.Photo))],
        Calibration = [.. evaluation.Calibration.Select(bin => new CalibrationBin(
            bin.From, bin.To, bin.PhotoCount, bin.MeanProbability, bin.Accuracy))],
    };
}
