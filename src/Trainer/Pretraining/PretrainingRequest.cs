using BiT.Training.Planning;

namespace BiT.Training.Pretraining;

/// <summary>What a person asks of a run; null leaves the choice to <see cref="PretrainingPlanner"/>.</summary>
internal sealed record PretrainingRequest
{
    public required string Network { get; init; }
    public required int ImageSize { get; init; }
    public required int BatchSize { get; init; }
    public int? MicroBatchSize { get; init; }
    public required double Epochs { get; init; }
    public double? LearningRate { get; init; }
    public int? WarmupSteps { get; init; }
    public required ScheduleShape Schedule { get; init; }
    public required double WeightDecay { get; init; }
    public required double MixupAlpha { get; init; }
    public required RandomResizedCrop Crop { get; init; }
    public required bool Flip { get; init; }
    public required long Seed { get; init; }

    /// <summary>Epochs between evaluations.</summary>
    public required double EvaluationEpochs { get; init; }
    public required double HoldOut { get; init; }
}
