using System.Diagnostics;
using BiT.Training.Artifacts;

namespace BiT.Bench.Workloads;

/// <summary>A training step with what <see cref="BiT.Training.Loop.GradientGuard"/> looks at: the lengths of gradient and weights, between the
/// backward pass and the optimiser's step, as in a job.</summary>
internal sealed class CheckedStep(Workload workload, ArtifactCache artifacts) : IDisposable
{
    private readonly TrainStep _step = new(workload, fused: true, artifacts);

    /// <summary>Runs a step.</summary>
    /// <returns>Milliseconds of the step without the check, and of the check.</returns>
    public (double Step, double Check) Run()
    {
        var start = Stopwatch.GetTimestamp();
        _step.Accumulate();
        var accumulated = Stopwatch.GetTimestamp();
        var lengths = _step.Lengths();
        var looked = Stopwatch.GetTimestamp();
        _step.Apply();
        var end = Stopwatch.GetTimestamp();
        if (!double.IsFinite(lengths.Gradient) || !double.IsFinite(lengths.Weights))
            throw new InvalidOperationException($"The step has a gradient of length {lengths.Gradient} and weights of {lengths.Weights}.");
        return ((Stopwatch.GetElapsedTime(start, accumulated) + Stopwatch.GetElapsedTime(looked, end)).TotalMilliseconds,
            Stopwatch.GetElapsedTime(accumulated, looked).TotalMilliseconds);
    }

    public void Dispose() => _step.Dispose();
}
