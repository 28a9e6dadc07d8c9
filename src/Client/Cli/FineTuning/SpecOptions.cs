using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using BiT.Client;

namespace BiT.CommandLine;

/// <summary>The options that say what to train and how. The server knows the ranges and names every violation.</summary>
internal sealed class SpecOptions
{
    private readonly Option<string?> _network = Text(
        "--network", "NAME", "bit-tiny, R50x1, R50x3, R101x1, R101x3, R152x2 or R152x4. Default: the base's, or bit-tiny.");
    private readonly Option<string?> _base = Text(
        "--base", "MODEL", "Start from the weights of MODEL, MODEL@ALIAS or MODEL/versions/N. Default: the backbone that comes with the service for the "
            + "network (bit-tiny); random weights where there is none, or with --recipe scratch.");
    private readonly Option<string?> _method = OneOf(
        "--method", "full trains all weights, head only a new head on a frozen backbone, auto what photos and budget allow: of both the better, with the recipe auto.", "auto", "full", "head");
    private readonly Option<string?> _recipe = OneOf(
        "--recipe", "Where sizes, schedule and rates come from. auto fits the time budget.",
        "auto", "paper", "lite", "tutorial", "scratch");
    private readonly Option<string?> _engine = OneOf(
        "--engine", "What runs the training: the service's own engine, or ONNX Runtime Training where the trainer was built with it.", "bit", "ort-training");
    private readonly Option<int?> _steps = Value<int?>("--steps", "N", "Optimiser steps.");
    private readonly Option<int?> _batchSize = Value<int?>("--batch-size", "N", "Photos per optimiser step.");
    private readonly Option<int?> _microBatchSize = Value<int?>("--micro-batch-size", "N", "Photos per forward and backward pass.");
    private readonly Option<double?> _learningRate = Value<double?>("--learning-rate", "RATE", "Highest learning rate.");
    private readonly Option<int?> _resize = Value<int?>("--resize", "PIXELS", "Side that photos are resized to for training.");
    private readonly Option<int?> _crop = Value<int?>("--crop", "PIXELS", "Side of the square that the network sees.");
    private readonly Option<double?> _mixupAlpha = Value<double?>("--mixup-alpha", "ALPHA", "MixUp's alpha; 0 turns it off.");
    private readonly Option<double?> _momentum = Value<double?>("--momentum", "SHARE", "Momentum of the optimiser.");
    private readonly Option<double?> _weightDecay = Value<double?>("--weight-decay", "RATE", "Weight decay of the optimiser.");
    private readonly Option<int?> _warmupSteps = Value<int?>("--warmup-steps", "N", "Steps of linear warm-up.");
    private readonly Option<int?> _evaluationInterval = Value<int?>("--evaluation-interval", "STEPS", "Steps between two evaluations.");
    private readonly Option<int?> _patience = Value<int?>(
        "--early-stopping-patience", "N", "Stop after N evaluations without improvement; 0: never.");
    private readonly Option<int?> _headSteps = Value<int?>(
        "--head-steps", "N", "For full: steps in which a new head is trained alone before all weights are; 0: none.");
    private readonly Option<long?> _seed = Value<long?>("--seed", "N", "Seed of every random choice.");
    private readonly Option<TimeSpan?> _budget = new("--budget", "--time-budget")
    {
        Description = "What the recipe auto may spend on training: 90 (seconds), 90s, 10m, 2h or 1d.",
        HelpName = "TIME",
        CustomParser = ParseTime,
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])
            [_network, _base, _method, _recipe, _engine, _budget, _steps, _batchSize, _microBatchSize, _learningRate, _resize, _crop, _mixupAlpha,
                _momentum, _weightDecay, _warmupSteps, _evaluationInterval, _patience, _headSteps, _seed])
            command.Options.Add(option);
    }

    /// <summary>What the command line asks for.</summary>
    public FineTuneSpec Read(ParseResult parsed, string dataset, string model) => new()
    {
        Dataset = dataset,
        Model = model,
        Network = parsed.GetValue(_network) ?? "",
        Base = parsed.GetValue(_base) ?? "",
        Method = parsed.GetValue(_method) ?? "",
        Recipe = parsed.GetValue(_recipe) ?? "",
        Engine = parsed.GetValue(_engine) ?? "",
        Overrides = new FineTuneOverrides
        {
            Steps = parsed.GetValue(_steps),
            BatchSize = parsed.GetValue(_batchSize),
            MicroBatchSize = parsed.GetValue(_microBatchSize),
            LearningRate = parsed.GetValue(_learningRate),
            Resize = parsed.GetValue(_resize),
            Crop = parsed.GetValue(_crop),
            MixupAlpha = parsed.GetValue(_mixupAlpha),
            Momentum = parsed.GetValue(_momentum),
            WeightDecay = parsed.GetValue(_weightDecay),
            WarmupSteps = parsed.GetValue(_warmupSteps),
            EvaluationInterval = parsed.GetValue(_evaluationInterval),
            EarlyStoppingPatience = parsed.GetValue(_patience),
            HeadSteps = parsed.GetValue(_headSteps),
            Seed = parsed.GetValue(_seed),
            TimeBudget = parsed.GetValue(_budget),
        },
    };

    private static Option<T> Value<T>(string name, string help, string description)
        => new(name) { HelpName = help, Description = description };

    private static Option<string?> Text(string name, string help, string description) => Value<string?>(name, help, description);

    private static Option<string?> OneOf(string name, string description, params string[] values)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', values) };
        option.CompletionSources.Add(values);
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !values.Contains(result.Tokens[^1].Value, StringComparer.Ordinal))
                result.AddError($"{name} is '{result.Tokens[^1].Value}'; expected {string.Join(", ", values)}.");
        });
        return option;
    }

    private static TimeSpan? ParseTime(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var (digits, secondsPerUnit) = text.Length == 0 ? (text, 1) : text[^1] switch
        {
            's' => (text[..^1], 1),
            'm' => (text[..^1], 60),
            'h' => (text[..^1], 3600),
            'd' => (text[..^1], 86400),
            _ => (text, 1),
        };
        // 1e8 seconds are three years: far beyond the service's limit, and far from what TimeSpan cannot hold.
        if (double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
            && amount * secondsPerUnit is > 0 and < 1e8)
            return TimeSpan.FromSeconds(amount * secondsPerUnit);
        result.AddError($"--budget is '{text}'; expected seconds or a number with s, m, h or d, for example 90s or 10m");
        return null;
    }
}
