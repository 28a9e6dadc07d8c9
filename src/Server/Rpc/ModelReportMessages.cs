using BiT.Core.Reports;
using BiT.Core.Store;
using Wire = BiT.Protocol.V1;

namespace BiT.Serving.Rpc;

/// <summary>Reports as messages.</summary>
internal static class ModelReportMessages
{
    public static Wire.ModelReport Of(ModelVersionRecord version, VersionReport report)
    {
        var message = new Wire.ModelReport
        {
            ModelVersion = version.Id.ToString(),
            Dataset = ResourceNames.OfDataset(report.DatasetId),
            Evaluation = report.Evaluation is { } evaluation ? Of(evaluation) : null,
        };
        message.Curve.AddRange(report.Curve.Zip(CurveSeconds.Of(version.Manifest, report), Of));
        return message;
    }

    private static Wire.CurvePoint Of(CurvePoint point, double seconds)
    {
        var message = new Wire.CurvePoint { Step = point.Step, Seconds = seconds };
        if (point.Loss is { } loss)
            message.Loss = loss;
        if (point.LearningRate is { } rate)
            message.LearningRate = rate;
        if (point.ValidationAccuracy is { } accuracy)
            message.ValidationAccuracy = accuracy;
        return message;
    }

    private static Wire.Evaluation Of(EvaluationReport evaluation)
    {
        var message = new Wire.Evaluation
        {
            PhotoCount = evaluation.PhotoCount,
            Top1Accuracy = evaluation.Top1Accuracy,
            Loss = evaluation.Loss,
            ExpectedCalibrationError = evaluation.ExpectedCalibrationError,
        };
        if (evaluation.Top5Accuracy is { } top5)
            message.Top5Accuracy = top5;
        message.Classes.AddRange(evaluation.Classes.Select(Of));
        message.Confusion.AddRange(evaluation.Confusion.Select(cell =>
            new Wire.ConfusionCell { Actual = cell.Actual, Predicted = cell.Predicted, PhotoCount = cell.PhotoCount }));
        message.HighestLosses.AddRange(evaluation.HighestLosses.Select(photo => new Wire.PhotoLoss
        {
            FileName = photo.FileName,
            Label = photo.Label,
            PredictedLabel = photo.Predicted,
            PredictedProbability = photo.PredictedProbability,
            LabelProbability = photo.LabelProbability,
            Loss = photo.Loss,
            Photo = photo.Photo,
        }));
        message.Calibration.AddRange(evaluation.Calibration.Select(bin => new Wire.CalibrationBin
        {
            From = bin.From,
            To = bin.To,
            PhotoCount = bin.PhotoCount,
            MeanProbability = bin.MeanProbability,
            Accuracy = bin.Accuracy,
        }));
        return message;
    }

    private static Wire.ClassEvaluation Of(ClassEvaluation item)
    {
        var message = new Wire.ClassEvaluation { Label = item.Label, PhotoCount = item.PhotoCount };
        if (item.Precision is { } precision)
            message.Precision = precision;
        if (item.Recall is { } recall)
            message.Recall = recall;
        if (item.F1 is { } f1)
            message.F1 = f1;
        return message;
    }
}
