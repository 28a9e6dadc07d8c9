using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using BiT.Core.Store;
using BiT.Training.Networks;

namespace BiT.Training.Planning;

/// <summary>Every resolved value of a training run. Stored as JSON with the job and with the version that comes out.</summary>
public sealed record TrainingPlan
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        // A value that this version does not know would train another way than the plan says.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary><c>full</c> (all weights) or <c>head</c> (frozen backbone, its features computed once).</summary>
    public required string Method { get; init; }

    /// <summary>The recipe that the values come from.</summary>
    public required string Recipe { get; init; }

    /// <summary><see cref="FineTuneSpec.OrtTrainingEngine"/>; null is this project's own engine.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Engine { get; init; }

    /// <summary>Network name, for example <c>bit-tiny</c>.</summary>
    public required string Network { get; init; }

    /// <summary>The version whose weights the run starts from; null starts from <see cref="Backbone"/>.</summary>
    public ModelVersionId? Base { get; init; }

    /// <summary>The backbone that comes with the trainer and that the run starts from; null, without a base, starts from random
    /// weights.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ShippedBackbone? Backbone { get; init; }

    /// <summary>Id of the data set.</summary>
    public required string DatasetId { get; init; }

    /// <summary>Class names by class index.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Number of classes.</summary>
    public int ClassCount => Labels.Count;

    /// <summary>Training photos.</summary>
    public required int TrainCount { get; init; }

    /// <summary>Validation photos; 0 means that accuracy is not measured and the last weights are kept.</summary>
    public required int ValidationCount { get; init; }

    /// <summary>Median area of the training photos, in pixels.</summary>
    public required long MedianArea { get; init; }

    /// <summary>Side of the square that training photos are resized to before the random crop, in pixels.</summary>
    public required int Resize { get; init; }

    /// <summary>Side of the square that the network sees, in pixels; evaluation resizes straight to it.</summary>
    public required int Crop { get; init; }

    /// <summary>Photos per optimiser step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Photos per forward and backward pass; divides <see cref="BatchSize"/>.</summary>
    public required int MicroBatchSize { get; init; }

    /// <summary>Passes whose gradients are averaged into one optimiser step.</summary>
    public int MicroBatchesPerStep => BatchSize / MicroBatchSize;

    /// <summary>True if the set is smaller than a micro-batch, so that photos are drawn with replacement (the paper's few-shot
    /// rule).</summary>
    public bool SampleWithReplacement => TrainCount < MicroBatchSize;

    /// <summary>Optimiser steps.</summary>
    public int Steps => Schedule.Steps;

    /// <summary>Highest learning rate.</summary>
    public double LearningRate => Schedule.BaseRate;

    /// <summary>The learning rate of every step.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>The part of the features' common deviation that is added to each one's own where a head is trained on standardised features
    /// (<see cref="Networks.FeatureScale"/>); null trains on the features as they are. The published weights are for those in any case.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? StandardizationFloor { get; init; }

    /// <summary>How a new head is trained before <see cref="Schedule"/> begins for all weights (linear probing, then fine-tuning); null if it is not. From a
    /// head that answers 0, the first steps would change the backbone by the gradients of an ignorant head.</summary>
    /// <remarks>Source: Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution".</remarks>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HeadPhase? HeadFirst { get; init; }

    /// <summary>A head at a crop of its own that competes with all weights: if more of the validation photos are right with it, it is what is published. Null if
    /// there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HeadPhase? HeadCandidate { get; init; }

    /// <summary>SGD's momentum, without Nesterov.</summary>
    public required double Momentum { get; init; }

    /// <summary>Weight decay; 0 when fine-tuning.</summary>
    public required double WeightDecay { get; init; }

    /// <summary>MixUp's alpha; 0 turns it off.</summary>
    public required double MixupAlpha { get; init; }

    /// <summary>Steps between two evaluations; the last step is evaluated too.</summary>
    public required int EvaluationInterval { get; init; }

    /// <summary>Stop after this many evaluations without improvement; 0 means never. The best weights are kept either way.</summary>
    public required int EarlyStoppingPatience { get; init; }

    /// <summary>Seed of every random choice.</summary>
    public required long Seed { get; init; }

    /// <summary>What the recipe <c>auto</c> was allowed to spend; null for the others.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>Expected training time from measurements on the planning machine; null if nothing was measured. Not part of the
    /// hash.</summary>
    public TimeSpan? EstimatedTime { get; init; }

    /// <summary>What was chosen and why, one sentence each, for people. Not part of the hash.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>sha256 of the canonical JSON: the values in declaration order, without estimate and reasons. Hexadecimal.</summary>
    /// <remarks>Two plans with one hash train the same way, whatever words and measurements led to them.</remarks>
    [JsonIgnore]
    public string Hash => Convert.ToHexStringLower(
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this with { EstimatedTime = null, Reasons = [] }, Format)));

    /// <summary>The plan as one line of JSON; equal plans give equal bytes.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Reads what <see cref="ToJson"/> wrote and checks it.</summary>
    /// <exception cref="PlanException">The text is no plan, or its values contradict each other.</exception>
    public static TrainingPlan FromJson(string json)
    {
        TrainingPlan plan;
        try
        {
            plan = JsonSerializer.Deserialize<TrainingPlan>(json, Format) ?? throw new JsonException("The text is null.");
        }
        catch (JsonException exception)
        {
            throw new PlanException([$"The stored plan is not readable: {exception.Message} Submit the job again to plan anew."]);
        }
        plan.Check();
        return plan;
    }

    // AdamW's kernel is SGD with this momentum alone, and its weight decay is another one; its artifacts are of whole networks.
    private IEnumerable<string> EngineViolations()
    {
        if (Engine is null) yield break;
        if (Engine != FineTuneSpec.OrtTrainingEngine) yield return $"engine is '{Engine}'; expected {FineTuneSpec.OrtTrainingEngine} or none.";
        if (Method != "full") yield return $"method is {Method}; the engine {Engine} trains all weights. Use method full.";
        if ((float)Momentum != OrtOptimizerGraph.Momentum) yield return $"momentum is {Momentum}; the engine {Engine} has {OrtOptimizerGraph.Momentum} alone.";
        if (WeightDecay != 0) yield return $"weight_decay is {WeightDecay}; the engine {Engine} has none.";
    }

    private static IEnumerable<string> FloorViolations(string name, double? floor)
    {
        if (floor is not (null or (> 0 and < double.PositiveInfinity))) yield return $"{name} is {floor}; expected a number over 0.";
    }

    private IEnumerable<string> PhaseViolations(string name, HeadPhase? phase)
    {
        if (phase is null) yield break;
        foreach (var violation in phase.Schedule.Violations().Concat(FloorViolations($"{name}.standardizationFloor", phase.StandardizationFloor))) yield return violation;
        if (Method != "full") yield return $"{name} is set, but the method is {Method}.";
        if (phase.Crop < 1) yield return $"{name}.crop is {phase.Crop}; expected at least 1 pixel.";
        if (phase.MicroBatchSize < 1 || phase.BatchSize % phase.MicroBatchSize != 0)
            yield return $"{name}.microBatchSize is {phase.MicroBatchSize}; expected a divisor of its batch size {phase.BatchSize}.";
    }

    /// <summary>Checks the values against each other.</summary>
    /// <exception cref="PlanException">Values contradict each other; all contradictions are listed.</exception>
    internal void Check()
    {
        var violations = Schedule.Violations().ToList();
        if (Method is not ("full" or "head")) violations.Add($"method is '{Method}'; expected full or head.");
        if (ClassCount < 2) violations.Add($"The data set has {ClassCount} class(es); expected at least 2. Add photos of another class.");
        if (TrainCount < 1) violations.Add("The data set has no training photos; expected at least 1 per class.");
        if (MedianArea < 1) violations.Add($"medianArea is {MedianArea}; expected at least 1 pixel.");
        if (Crop < 1 || Resize < Crop)
            violations.Add($"resize is {Resize} and crop {Crop}; expected resize at least as large as crop. Override both.");
        if (BatchSize < 1 || MicroBatchSize < 1 || BatchSize % MicroBatchSize != 0)
            violations.Add($"micro_batch_size is {MicroBatchSize}; expected a divisor of the batch size {BatchSize}.");
        if (EvaluationInterval < 1) violations.Add($"evaluation_interval is {EvaluationInterval}; expected at least 1.");
        violations.AddRange(EngineViolations());
        violations.AddRange(FloorViolations("standardizationFloor", StandardizationFloor));
        if (StandardizationFloor is not null && Method != "head") violations.Add($"standardizationFloor is set, but the method is {Method}.");
        violations.AddRange(PhaseViolations("headFirst", HeadFirst));
        violations.AddRange(PhaseViolations("headCandidate", HeadCandidate));
        if (HeadCandidate is not null && ValidationCount == 0) violations.Add("headCandidate is set, but the data set has no validation photos to compare it by.");
        if (EarlyStoppingPatience > 0 && ValidationCount == 0)
            violations.Add("early_stopping_patience is set, but the data set has no validation photos. Add some, or set it to 0.");
        if (violations.Count > 0) throw new PlanException(violations);
    }
}
