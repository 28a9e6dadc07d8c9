using System.CommandLine;
using System.Globalization;
using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Pretraining;

namespace BiT.Training.Verbs;

/// <summary>The options of <c>pretrain</c> and their ranges.</summary>
internal sealed class PretrainOptions
{
    private readonly Option<string[]> _data = new("--data") { Description = "Folders and zip files with a folder of photos per class; together they are one set.", Required = true, AllowMultipleArgumentsPerToken = true };
    private readonly Option<string[]> _validation = new("--validation") { Description = "Folders and zip files to evaluate on: once, at the end; during the run if nothing is held back.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _network = new("--network") { Description = $"Network: {string.Join(", ", BitNetwork.KnownNames)}.", DefaultValueFactory = _ => "bit-tiny" };
    private readonly Option<string?> _weights = new("--weights") { Description = "An npz file in the official layout to start from instead of random weights: what snapshot wrote, or published weights. Its head is kept if it is for the same classes." };
    private readonly Option<string> _out = new("--out") { Description = "Folder of the run. If it holds one of the same plan, that is continued.", Required = true };
    private readonly Option<string?> _classes = new("--classes") { Description = "Text file with the class folders to learn, one per line, in this order; text after a tab is ignored. Default: all folders." };
    private readonly Option<string?> _classRange = new("--class-range") { Description = "Lines FIRST-LAST of --classes to learn, counted from 1." };
    private readonly Option<double> _holdOut = new("--holdout") { Description = "Share of the photos of --data that is held back and evaluated on, chosen by a hash of the names, 0 to 0.5.", DefaultValueFactory = _ => 0.03 };
    private readonly Option<double> _epochs = new("--epochs") { Description = "Passes over the training photos.", DefaultValueFactory = _ => 30 };
    private readonly Option<int> _batch = new("--batch") { Description = "Photos per optimiser step.", DefaultValueFactory = _ => 64 };
    private readonly Option<int?> _microBatch = new("--micro-batch") { Description = "Photos per forward and backward pass: a divisor of --batch. Default: all." };
    private readonly Option<int> _size = new("--size") { Description = "Side of the crops that the network sees, in pixels.", DefaultValueFactory = _ => 64 };
    private readonly Option<double?> _rate = new("--learning-rate") { Description = "Highest learning rate. Default: 0.03 x batch / 256, more at batches below 102 (0.012 from 38 on)." };
    private readonly Option<int?> _warmup = new("--warmup-steps") { Description = "Steps of linear warm-up. Default: a twentieth of the run, 20 to 500." };
    private readonly Option<string> _schedule = new("--schedule") { Description = "cosine (to 0 at the end), or staircase (a tenth after 3, 6 and 8 ninths of the run).", DefaultValueFactory = _ => "cosine" };
    private readonly Option<double> _decay = new("--weight-decay") { Description = "Weight decay of the kernels.", DefaultValueFactory = _ => 1e-4 };
    private readonly Option<double> _mixup = new("--mixup") { Description = "MixUp's alpha; 0 is off.", DefaultValueFactory = _ => 0 };
    private readonly Option<string> _area = new("--crop-area") { Description = "Part of a photo's area that a crop takes, MIN-MAX.", DefaultValueFactory = _ => "0.25-1" };
    private readonly Option<string> _ratio = new("--crop-ratio") { Description = "Width / height of a crop before it is resized, MIN-MAX.", DefaultValueFactory = _ => "0.75-1.3333" };
    private readonly Option<bool> _noFlip = new("--no-flip") { Description = "Never mirror a photo." };
    private readonly Option<long> _seed = new("--seed") { Description = "Seed of weights, order and crops.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _evaluate = new("--evaluate-epochs") { Description = "Epochs between evaluations.", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _log = new("--log-steps") { Description = "Steps between two lines of output and of the curve.", DefaultValueFactory = _ => 20 };
    private readonly Option<double> _checkpoint = new("--checkpoint-minutes") { Description = "Minutes between checkpoints; the newest two are kept.", DefaultValueFactory = _ => 5 };
    private readonly Option<int> _maxBroken = new("--max-broken") { Description = "Photos that may be broken: they are told and left out; one more ends the run.", DefaultValueFactory = _ => 100 };
    private readonly Option<string> _provider = new("--provider") { Description = "Execution provider: cpu or cuda:N.", DefaultValueFactory = _ => "cpu" };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads of an operator, and photos decoded at the same time; 0 means one per core." };
    private readonly Option<bool> _spinning = new("--spinning") { Description = "Let idle threads spin: faster on a machine of its own, rude on a shared one." };
    private readonly Option<bool> _plain = new("--no-managed-kernels") { Description = "Train with ONNX Runtime's own operators alone: slower, for comparison." };
    private readonly Option<long> _memory = new("--memory-bytes") { Description = "Memory that a pass may take; 0 means half of the machine's or container's." };
    private readonly Option<bool> _json = new("--json") { Description = "One line of JSON per event instead of text." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_data, _validation, _network, _weights, _out, _classes, _classRange, _holdOut, _epochs, _batch, _microBatch, _size, _rate, _warmup,
            _schedule, _decay, _mixup, _area, _ratio, _noFlip, _seed, _evaluate, _log, _checkpoint, _maxBroken, _provider, _threads, _spinning, _plain, _memory, _json])
            command.Options.Add(option);
    }

    /// <summary>What the command line says.</summary>
    /// <exception cref="UsageException">A value is out of range.</exception>
    public PretrainArguments Read(ParseResult parsed)
    {
        if (parsed.GetValue(_classRange) is not null && parsed.GetValue(_classes) is null)
            throw new UsageException("--class-range needs --classes: it counts the lines of that file.");
        var batch = Within(parsed, _batch, 1, OverrideRules.MaxBatchSize);
        return new PretrainArguments
        {
            Data = parsed.GetRequiredValue(_data),
            Validation = parsed.GetValue(_validation) ?? [],
            Weights = parsed.GetValue(_weights),
            Out = parsed.GetRequiredValue(_out),
            Classes = parsed.GetValue(_classes),
            ClassRange = parsed.GetValue(_classRange),
            Request = new PretrainingRequest
            {
                Network = Network(parsed),
                ImageSize = Within(parsed, _size, OverrideRules.MinSide, OverrideRules.MaxSide),
                BatchSize = batch,
                MicroBatchSize = parsed.GetValue(_microBatch) is null ? null : Within(parsed, _microBatch, 1, batch),
                Epochs = Within(parsed, _epochs, double.Epsilon, 100_000),
                LearningRate = parsed.GetValue(_rate) is null ? null : Within(parsed, _rate, double.Epsilon, 10),
                WarmupSteps = parsed.GetValue(_warmup) is null ? null : Within(parsed, _warmup, 0, OverrideRules.MaxSteps),
                Schedule = Schedule(parsed),
                WeightDecay = Within(parsed, _decay, 0, 1),
                MixupAlpha = Within(parsed, _mixup, 0, 10),
                Crop = Crop(parsed),
                Flip = !parsed.GetValue(_noFlip),
                Seed = parsed.GetValue(_seed),
                EvaluationEpochs = Within(parsed, _evaluate, double.Epsilon, 100_000),
                HoldOut = Within(parsed, _holdOut, 0, 0.5),
            },
            LogInterval = Within(parsed, _log, 1, OverrideRules.MaxSteps),
            CheckpointInterval = TimeSpan.FromMinutes(Within(parsed, _checkpoint, double.Epsilon, 24 * 60)),
            MaxBrokenPhotos = Within(parsed, _maxBroken, 0, 1_000_000),
            Runtime = new RuntimeOptions
            {
                ExecutionProvider = parsed.GetRequiredValue(_provider),
                IntraOpThreads = Within(parsed, _threads, 0, 1024),
                AllowSpinning = parsed.GetValue(_spinning),
                ManagedKernels = !parsed.GetValue(_plain),
            },
            MemoryBytes = parsed.GetValue(_memory) == 0 ? MemoryBudget.DefaultBytes : Within(parsed, _memory, 64L << 20, 1L << 50),
            Json = parsed.GetValue(_json),
        };
    }

    private string Network(ParseResult parsed)
    {
        try
        {
            return BitNetwork.ByName(parsed.GetRequiredValue(_network)).Name;
        }
        catch (NetworkException problem)
        {
            throw new UsageException($"--network: {problem.Message}");
        }
    }

    private ScheduleShape Schedule(ParseResult parsed) => parsed.GetRequiredValue(_schedule) switch
    {
        "cosine" => ScheduleShape.Cosine,
        "staircase" => ScheduleShape.Staircase,
        var other => throw new UsageException($"--schedule is '{other}'; expected cosine or staircase."),
    };

    private RandomResizedCrop Crop(ParseResult parsed)
    {
        var (minArea, maxArea) = Range(parsed, _area, 0.01, 1);
        var (minRatio, maxRatio) = Range(parsed, _ratio, 0.1, 10);
        return new RandomResizedCrop(minArea, maxArea, minRatio, maxRatio);
    }

    private static (double Min, double Max) Range(ParseResult parsed, Option<string> option, double least, double most)
    {
        var text = parsed.GetRequiredValue(option);
        var ends = text.Split('-');
        if (ends.Length == 2 && double.TryParse(ends[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var min)
            && double.TryParse(ends[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var max) && min >= least && min <= max && max <= most)
            return (min, max);
        throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option.Name} is '{text}'; expected MIN-MAX within {least}-{most}."));
    }

    private static T Within<T>(ParseResult parsed, Option<T> option, T least, T most)
        where T : IComparable<T> => Within(option.Name, parsed.GetValue(option) ?? least, least, most);

    private static T Within<T>(ParseResult parsed, Option<T?> option, T least, T most)
        where T : struct, IComparable<T> => Within(option.Name, parsed.GetValue(option) ?? least, least, most);

    // NaN compares below everything.
    private static T Within<T>(string name, T value, T least, T most)
        where T : IComparable<T> => value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
            ? value
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture,
                $"{name} is {value}; expected {(least is double.Epsilon ? "more than 0" : $"{least}")} to {most}."));
}

/// <summary>A command line of <c>pretrain</c>, each value within its range.</summary>
internal sealed record PretrainArguments
{
    public required IReadOnlyList<string> Data { get; init; }
    public required IReadOnlyList<string> Validation { get; init; }
    public required string? Weights { get; init; }
    public required string Out { get; init; }
    public required string? Classes { get; init; }
    public required string? ClassRange { get; init; }
    public required PretrainingRequest Request { get; init; }
    public required int LogInterval { get; init; }
    public required TimeSpan CheckpointInterval { get; init; }
    public required int MaxBrokenPhotos { get; init; }
    public required RuntimeOptions Runtime { get; init; }
    public required long MemoryBytes { get; init; }
    public required bool Json { get; init; }
}
