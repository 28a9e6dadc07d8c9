namespace BiT.Training.Planning;

/// <summary>How the learning rate falls after the warm-up.</summary>
public enum ScheduleShape
{
    /// <summary>A tenth after each boundary (BiT-HyperRule).</summary>
    Staircase,

    /// <summary>Half a cosine from the base rate down to 0 at the end.</summary>
    Cosine,
}

/// <summary>A learning rate at one step; null where training has stopped.</summary>
public readonly record struct LearningRatePoint(int Step, double? Value);

/// <summary>The learning rate of every step of a run. A step is the index of an optimiser step, from 0; nothing runs at <see
/// cref="Steps"/>.</summary>
/// <remarks>Rates are computed in double precision; equal to <see cref="HyperRule.LearningRateAt"/> in every bit for its
/// schedules.</remarks>
public sealed record LearningRateSchedule
{
    /// <summary>Staircase or cosine.</summary>
    public required ScheduleShape Shape { get; init; }

    /// <summary>Rate after warm-up and before the first decay.</summary>
    public required double BaseRate { get; init; }

    /// <summary>Length of the linear warm-up; step 0 has rate 0 and step <c>WarmupSteps</c> the base rate. 0 means none.</summary>
    public required int WarmupSteps { get; init; }

    /// <summary>Steps after which the rate falls to a tenth, ascending; a decay at x takes effect at x + 1. Empty for cosine.</summary>
    public required IReadOnlyList<int> DecayBoundaries { get; init; }

    /// <summary>Optimiser steps of the whole run.</summary>
    public required int Steps { get; init; }

    /// <summary>A HyperRule schedule: warm-up, decays, end.</summary>
    /// <param name="schedule">As <see cref="HyperRule.Schedule"/> returns it.</param>
    /// <param name="baseRate">The rate after warm-up.</param>
    public static LearningRateSchedule FromHyperRule(IReadOnlyList<int> schedule, double baseRate) => new()
    {
        Shape = ScheduleShape.Staircase,
        BaseRate = baseRate,
        WarmupSteps = schedule[0],
        DecayBoundaries = [.. schedule.Skip(1).SkipLast(1)],
        Steps = schedule[^1],
    };

    /// <summary>Linear warm-up, then half a cosine down to 0.</summary>
    public static LearningRateSchedule Cosine(double baseRate, int warmupSteps, int steps) => new()
    {
        Shape = ScheduleShape.Cosine,
        BaseRate = baseRate,
        WarmupSteps = warmupSteps,
        DecayBoundaries = [],
        Steps = steps,
    };

    /// <summary>Learning rate of a step, or null at <see cref="Steps"/> and behind it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public double? RateAt(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step >= Steps) return null;
        if (step < WarmupSteps) return BaseRate * step / WarmupSteps;
        return Shape == ScheduleShape.Cosine ? CosineRate(step) : StaircaseRate(step);
    }

    /// <summary>The same course over another number of steps: warm-up and boundaries move in proportion, rounded to the nearest
    /// step.</summary>
    /// <remarks>The warm-up of a very short run rounds to 0: a run of one step would otherwise have rate 0 and learn nothing.</remarks>
    public LearningRateSchedule ScaledTo(int steps) => this with
    {
        WarmupSteps = (int)(((2L * WarmupSteps * steps) + Steps) / (2L * Steps)),
        DecayBoundaries = [.. DecayBoundaries.Select(boundary => HyperRule.ScaleStep(boundary, steps, Steps))],
        Steps = steps,
    };

    /// <summary>The rate at every boundary and at the step after it, ascending, each step once.</summary>
    /// <remarks>Boundaries are step 0, the end of the warm-up, each decay and the end, where the value is null.</remarks>
    public IReadOnlyList<LearningRatePoint> Landmarks() =>
        [.. DecayBoundaries.Concat([0, WarmupSteps, Steps])
            .SelectMany(boundary => new[] { boundary, boundary + 1 })
            .Distinct().Order()
            .Select(step => new LearningRatePoint(step, RateAt(step)))];

    /// <summary>What is wrong with the values, one sentence each; empty if nothing.</summary>
    internal IEnumerable<string> Violations()
    {
        if (!Enum.IsDefined(Shape)) yield return $"schedule.shape is {Shape}; expected staircase or cosine.";
        if (!(BaseRate > 0 && double.IsFinite(BaseRate))) yield return $"schedule.baseRate is {BaseRate}; expected a number over 0.";
        if (Steps < 1) yield return $"schedule.steps is {Steps}; expected at least 1.";
        if (WarmupSteps < 0 || WarmupSteps > Steps) yield return $"schedule.warmupSteps is {WarmupSteps}; expected 0 to {Steps} (steps).";
        for (int i = 1; i < DecayBoundaries.Count; i++)
            if (DecayBoundaries[i] < DecayBoundaries[i - 1]) yield return "schedule.decayBoundaries do not ascend.";
    }

    private double StaircaseRate(int step)
    {
        double rate = BaseRate;
        foreach (int boundary in DecayBoundaries)
            if (boundary < step) rate /= 10;
        return rate;
    }

    private double CosineRate(int step) =>
        BaseRate * 0.5 * (1 + Math.Cos(Math.PI * (step - WarmupSteps) / (Steps - WarmupSteps)));
}
