using System.Text.Json;

namespace BiT.Training.Checkpoints;

/// <summary>Everything besides arrays that a run needs to continue: random choices follow from the step, so they are not here.</summary>
internal sealed record TrainingState
{
    /// <summary>Optimiser steps done.</summary>
    public required long Step { get; init; }

    /// <summary>Step after which the best weights were evaluated; -1 before the first evaluation.</summary>
    public long BestStep { get; init; } = -1;

    /// <summary>Share of validation photos that the best weights classify right; null without validation photos.</summary>
    public double? BestAccuracy { get; init; }

    /// <summary>Mean validation loss of the best weights, which decides between equal accuracies.</summary>
    public double? BestLoss { get; init; }

    /// <summary>Evaluations since the best one.</summary>
    public int EvaluationsWithoutImprovement { get; init; }

    /// <summary>The evaluations so far, thinned (see LearningCurve); the newest is always there.</summary>
    public IReadOnlyList<EvaluationPoint> Evaluations { get; init; } = [];

    /// <summary>Sum and count of the losses since the last point of <see cref="Losses"/>.</summary>
    public double LossSum { get; init; }

    /// <summary>Steps in <see cref="LossSum"/>.</summary>
    public int LossSteps { get; init; }

    /// <summary>Training loss over the run, thinned.</summary>
    public IReadOnlyList<LossPoint> Losses { get; init; } = [];

    /// <summary>Time spent in the loop, over all attempts; what was lost with an attempt's last steps does not count.</summary>
    public double Seconds { get; init; }

    /// <summary>The same without any time: what equal runs have in common.</summary>
    public TrainingState WithoutTimes() => this with
    {
        Seconds = 0,
        Evaluations = [.. Evaluations.Select(point => point with { Seconds = 0 })],
        Losses = [.. Losses.Select(point => point with { Seconds = 0 })],
    };

    public string ToJson() => JsonSerializer.Serialize(this, JsonSerializerOptions.Web);

    public static TrainingState FromJson(string json) =>
        JsonSerializer.Deserialize<TrainingState>(json, JsonSerializerOptions.Web) ?? throw new JsonException("The training state is null.");
}

/// <summary>One evaluation on the validation photos.</summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="Accuracy">Share classified right, 0 to 1.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Seconds">As <see cref="TrainingState.Seconds"/> at that time; set by the loop.</param>
internal sealed record EvaluationPoint(long Step, double Accuracy, double Loss, double Seconds = 0);

/// <summary>Mean training loss of the steps up to this one since the point before.</summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="LearningRate">Of the newest step.</param>
/// <param name="Seconds">As <see cref="TrainingState.Seconds"/> at that time.</param>
internal sealed record LossPoint(long Step, double Loss, double LearningRate, double Seconds = 0);
