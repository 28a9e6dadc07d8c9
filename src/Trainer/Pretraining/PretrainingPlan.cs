using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using BiT.Training.Planning;

namespace BiT.Training.Pretraining;

/// <summary>Every value that decides what a pre-training run learns. Stored as plan.json in the run's folder.</summary>
/// <remarks>Equal plans on equal photos give equal weights, to the bit on one fingerprint. Where the photos lie, how many threads work and how
/// often something is saved or told are not part of it.</remarks>
internal sealed record PretrainingPlan
{
    public const string CurrentFormat = "bit-pretraining-1";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        WriteIndented = true,
    };

    public string Format { get; init; } = CurrentFormat;

    /// <summary>Network name, for example <c>bit-tiny</c>.</summary>
    public required string Network { get; init; }

    /// <summary>The weights to start from; null for random ones.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StartingWeights? Weights { get; init; }

    /// <summary>Side of the square that the network sees, in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Photos per optimiser step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Photos per forward and backward pass; divides <see cref="BatchSize"/>.</summary>
    public required int MicroBatchSize { get; init; }

    /// <summary>Passes over the training photos.</summary>
    public required double Epochs { get; init; }

    /// <summary>The learning rate of every step; its length is the run's.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    public required double Momentum { get; init; }

    /// <summary>Acts on kernels only.</summary>
    public required double WeightDecay { get; init; }

    /// <summary>MixUp's alpha; 0 is off.</summary>
    public required double MixupAlpha { get; init; }

    /// <summary>Which part of a photo is learnt from.</summary>
    public required RandomResizedCrop Crop { get; init; }

    /// <summary>Whether every second photo is mirrored.</summary>
    public required bool Flip { get; init; }

    public required long Seed { get; init; }

    /// <summary>Steps between evaluations.</summary>
    public required int EvaluationInterval { get; init; }

    /// <summary>Share of the photos that is held back for evaluation.</summary>
    public required double HoldOut { get; init; }

    /// <summary>Training photos.</summary>
    public required int TrainCount { get; init; }

    /// <summary><see cref="PhotoList.Id"/> of the training photos.</summary>
    public required string TrainId { get; init; }

    /// <summary>Photos that are evaluated on during the run: the held-back ones, or without them the validation set.</summary>
    public required int EvaluationCount { get; init; }

    /// <summary><see cref="PhotoList.Id"/> of the evaluation photos.</summary>
    public required string EvaluationId { get; init; }

    /// <summary>Class names by class index.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>True if the set is smaller than a micro-batch, so that photos are drawn with replacement.</summary>
    [JsonIgnore]
    public bool SampleWithReplacement => TrainCount < MicroBatchSize;

    /// <summary>sha256 of the plan's JSON, hexadecimal.</summary>
    [JsonIgnore]
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, Json)));

    /// <summary>Epochs seen after a number of steps.</summary>
    public double EpochAt(long step) => (double)step * BatchSize / TrainCount;

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <exception cref="JsonException">The text is no such plan.</exception>
    public static PretrainingPlan FromJson(byte[] json)
    {
        var plan = JsonSerializer.Deserialize<PretrainingPlan>(json, Json) ?? throw new JsonException("The plan is null.");
        return plan.Format == CurrentFormat ? plan : throw new JsonException($"The plan's format is {plan.Format}; expected {CurrentFormat}.");
    }

    /// <summary>What distinguishes another plan from this one: "name: here, there"; empty if nothing.</summary>
    public IReadOnlyList<string> Differences(PretrainingPlan other)
    {
        var (mine, theirs) = (Values(this), Values(other));
        return
        [
            .. mine.Keys.Union(theirs.Keys)
                .Select(name => (Name: name, Mine: mine.GetValueOrDefault(name, "none"), Theirs: theirs.GetValueOrDefault(name, "none")))
                .Where(entry => entry.Mine != entry.Theirs)
                .Select(entry => $"{entry.Name}: {Short(entry.Mine)}, now {Short(entry.Theirs)}"),
        ];
    }

    /// <summary>The part of the plan that the training loop follows: batches, schedule and evaluations. The rest says what the run is.</summary>
    public TrainingPlan ToTrainingPlan() => new()
    {
        Method = "full",
        Recipe = "pretrain",
        Network = Network,
        DatasetId = TrainId,
        Labels = Labels,
        TrainCount = TrainCount,
        ValidationCount = EvaluationCount,
        MedianArea = (long)ImageSize * ImageSize,
        Resize = ImageSize,
        Crop = ImageSize,
        BatchSize = BatchSize,
        MicroBatchSize = MicroBatchSize,
        Schedule = Schedule,
        MixupAlpha = MixupAlpha,
        Momentum = Momentum,
        WeightDecay = WeightDecay,
        EvaluationInterval = EvaluationInterval,
        EarlyStoppingPatience = 0,
        Seed = Seed,
        Reasons = [],
    };

    private static Dictionary<string, string> Values(PretrainingPlan plan)
    {
        var values = new Dictionary<string, string>();
        Flatten(JsonSerializer.SerializeToNode(plan, Json)?.AsObject() ?? [], "");
        return values;

        void Flatten(JsonObject node, string prefix)
        {
            foreach (var (name, value) in node)
            {
                if (value is JsonObject nested)
                    Flatten(nested, $"{prefix}{name}.");
                else
                    values.Add(prefix + name, value?.ToJsonString() ?? "null");
            }
        }
    }

    private static string Short(string value) => value.Length > 40 ? value[..40] + "..." : value;
}
