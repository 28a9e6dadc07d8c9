using System.Text.Json;
using System.Text.Json.Serialization;

namespace BiT.Training.Pretraining;

/// <summary>A line of a run's output and of its curve file.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(StepLine), "step")]
[JsonDerivedType(typeof(EvaluationLine), "evaluation")]
[JsonDerivedType(typeof(CheckpointLine), "checkpoint")]
[JsonDerivedType(typeof(StartLine), "start")]
[JsonDerivedType(typeof(EndLine), "end")]
internal abstract record RunLine
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Optimiser steps done.</summary>
    public required long Step { get; init; }

    /// <summary>Epochs seen.</summary>
    public required double Epoch { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="JsonException">The text is no such line.</exception>
    public static RunLine FromJson(string json) => JsonSerializer.Deserialize<RunLine>(json, Json) ?? throw new JsonException("The line is null.");

    /// <summary>The line for people.</summary>
    public abstract string ToText();
}

/// <summary>Where the run begins or continues.</summary>
/// <param name="Steps">Steps of the whole run.</param>
/// <param name="TrainPhotos">Photos that are learnt from.</param>
/// <param name="EvaluationPhotos">Photos that are evaluated on.</param>
/// <param name="Classes">Classes.</param>
/// <param name="Plan">Hash of the plan.</param>
/// <param name="Fingerprint">What decides the last bits.</param>
internal sealed record StartLine(long Steps, int TrainPhotos, int EvaluationPhotos, int Classes, string Plan, string Fingerprint) : RunLine
{
    public override string ToText() => $"{(Step == 0 ? "Start" : $"Continue at step {Step:N0}")} of {Steps:N0}: {TrainPhotos:N0} training and "
        + $"{EvaluationPhotos:N0} evaluation photos, {Classes} classes; {Fingerprint}";
}

/// <summary>Training since the line before.</summary>
/// <param name="Loss">Mean loss of these steps.</param>
/// <param name="LearningRate">Rate of the last of them.</param>
/// <param name="ImagesPerSecond">Photos per second of training, evaluations left out.</param>
/// <param name="DataWait">Share of that time spent waiting for photos, 0 to 1.</param>
/// <param name="Seconds">Time spent training since the process began.</param>
/// <param name="Averaged">How many steps these are.</param>
internal sealed record StepLine(double Loss, double LearningRate, double ImagesPerSecond, double DataWait, double Seconds, int Averaged) : RunLine
{
    public override string ToText() =>
        $"step {Step,8:N0}  epoch {Epoch,7:F3}  loss {Loss,7:F4}  rate {LearningRate:F5}  {ImagesPerSecond,7:F1} images/s  data wait {DataWait,5:P1}";
}

/// <summary>An evaluation.</summary>
/// <param name="Set"><c>held_back</c> or <c>validation</c>.</param>
/// <param name="Photos">Photos that could be decoded.</param>
/// <param name="Top1">Share classified right, 0 to 1.</param>
/// <param name="Top5">Share whose class is among the five likeliest.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="IsBest">Whether top-1 is the highest of the run so far.</param>
internal sealed record EvaluationLine(string Set, int Photos, double Top1, double Top5, double Loss, bool IsBest) : RunLine
{
    public override string ToText() =>
        $"step {Step,8:N0}  epoch {Epoch,7:F3}  {Set} ({Photos:N0} photos): top-1 {Top1:P2}, top-5 {Top5:P2}, loss {Loss:F4}{(IsBest ? ", best" : "")}";
}

/// <summary>A checkpoint is on disk.</summary>
internal sealed record CheckpointLine(string File) : RunLine
{
    public override string ToText() => $"step {Step,8:N0}  checkpoint {File}";
}

/// <summary>How the process ended.</summary>
/// <param name="Outcome"><c>finished</c> or <c>stopped</c>.</param>
/// <param name="BestStep">Step of the best evaluation.</param>
/// <param name="BestTop1">Its top-1.</param>
/// <param name="BrokenPhotos">Photos that could not be decoded.</param>
internal sealed record EndLine(string Outcome, long? BestStep, double? BestTop1, int BrokenPhotos) : RunLine
{
    public override string ToText() => $"{(Outcome == "finished" ? "Finished" : "Stopped, to be continued by the same command")} at step {Step:N0}"
        + (BestTop1 is { } best ? $"; best top-1 {best:P2} at step {BestStep:N0}" : "") + (BrokenPhotos > 0 ? $"; {BrokenPhotos} photos left out" : "");
}
