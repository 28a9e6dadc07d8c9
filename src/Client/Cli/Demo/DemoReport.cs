using System.Text.Json.Serialization;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine.Demo;

/// <summary>One held-out picture and what the model says.</summary>
internal sealed record DemoPrediction(string File, string Label, string Predicted, double Probability, bool Correct);

/// <summary>What the demo found; its JSON is the answer of <c>bit demo --json</c>.</summary>
internal sealed record DemoReport
{
    /// <summary>Share of held-out pictures classified right, as the trainer measured it for the published version, 0 to 1.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>The same, measured by asking the server; over <see cref="ServedPictureCount"/> pictures.</summary>
    public double? ServedAccuracy { get; init; }

    /// <summary>How many held-out pictures the server was asked about.</summary>
    public int ServedPictureCount { get; init; }

    /// <summary>Median training speed.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Wall time of the whole demo up to the last prediction.</summary>
    public required double Seconds { get; init; }

    /// <summary>Wall time from the trainer taking the job to the published version.</summary>
    public double? TrainingSeconds { get; init; }

    /// <summary>Peak resident memory of the trainer, MB (1e6 bytes); null where it cannot be measured.</summary>
    public double? PeakTrainerMemoryMb { get; init; }

    public required string ModelVersion { get; init; }
    public required string Network { get; init; }
    public required string Method { get; init; }

    /// <summary>The method of the job, whose speed <see cref="ImagesPerSecond"/> is: of all weights, it may have published a head.</summary>
    [JsonIgnore]
    public string TrainedMethod { get; init; } = "";

    public required int TrainPhotoCount { get; init; }
    public required int ValidationPhotoCount { get; init; }

    /// <summary>Where everything was kept; null if it was deleted.</summary>
    public string? Workspace { get; init; }

    public required IReadOnlyList<DemoPrediction> Predictions { get; init; }

    public void Write(IAnsiConsole console)
    {
        var table = Tables.Create("Held-out picture", "Is", "Predicted", "Probability", "");
        foreach (var prediction in Predictions)
            table.AddRow(
                Tables.Cell(prediction.File), Tables.Cell(prediction.Label), Tables.Cell(prediction.Predicted),
                Tables.Cell(Show.Percent(prediction.Probability)),
                new Text(prediction.Correct ? "ok" : "wrong", new Style(prediction.Correct ? Color.Green : Color.Red)));
        console.Write(table);
        console.Write(Tables.Facts(
        [
            ("validation accuracy", ValidationAccuracy is null ? "none: no held-out pictures"
                : $"{Show.Percent(ValidationAccuracy)} of {ValidationPhotoCount} held-out pictures"),
            ("served accuracy", ServedAccuracy is null ? ""
                : $"{Show.Percent(ServedAccuracy)} of {ServedPictureCount} pictures sent to the server"),
            ("model version", $"{ModelVersion} ({Network}, {Method})"),
            ("learned from", $"{TrainPhotoCount} pictures"),
            ("speed", ImagesPerSecond is { } speed ? Show.Invariant($"{speed:#,0.#} {(TrainedMethod == "head" ? "feature vectors" : "images")}/s") : ""),
            ("trainer memory", PeakTrainerMemoryMb is { } memory ? Show.Invariant($"{memory:0} MB at most") : ""),
            ("time", TrainingSeconds is { } training
                ? $"{Show.Duration(TimeSpan.FromSeconds(Seconds))}, of which training {Show.Duration(TimeSpan.FromSeconds(training))}"
                : Show.Duration(TimeSpan.FromSeconds(Seconds))),
            ("kept in", Workspace ?? ""),
        ]));
    }

    /// <summary>What a classified picture says about its model.</summary>
    public static DemoPrediction Of(PhotoFile photo, ClassifiedFile outcome)
    {
        var best = outcome.Predictions.Count > 0 ? outcome.Predictions[0] : new Prediction("", 0, -1);
        return new DemoPrediction(photo.FileName, photo.Label, best.Label, best.Probability, best.Label == photo.Label);
    }
}
