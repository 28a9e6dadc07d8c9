using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Networks;
using BiT.Training.Planning;

namespace BiT.Tests.Unit.OrtTraining;

/// <summary>The optimizer graphs that our own engine has no counterpart of, in the real ONNX Runtime Training against their formulas.</summary>
public sealed class OptimizerTests : IDisposable
{
    private const int Steps = 3;

    // Up, down, and behind its end: 0.
    private static readonly LearningRateSchedule Schedule = new() { Shape = ScheduleShape.Cosine, BaseRate = 0.02, WarmupSteps = 1, DecayBoundaries = [], Steps = Steps };

    private readonly TemporaryFolder _folder = new();

    public OptimizerTests() => JudgeInstallation.SkipIfAbsent();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sgd_WithASchedule_FollowsItsFormulaAndStopsBehindTheEnd()
    {
        using var judge = Start(OrtOptimizerKind.Sgd, Schedule);
        for (var step = 0; step <= Steps; step++)
        {
            var rate = Schedule.RateAt(step) ?? 0;
            var (before, gradient, after) = Step(judge);
            for (var index = 0; index < before.Length; index++)
                AssertStep(before[index] - rate * gradient[index], after[index], before[index]);
            Assert.Equal(rate > 0, !before.SequenceEqual(after));
        }
    }

    // torch.optim.AdamW: m = 0.9 m + 0.1 g, v = 0.999 v + 0.001 g^2, p -= rate m' / (sqrt(v') + 1e-8), both corrected for their start at 0.
    [Fact]
    public void AdamW_AtTheRuntimesOwnRate_FollowsItsFormula()
    {
        using var judge = Start(OrtOptimizerKind.AdamW, schedule: null);
        double[] m = [], v = [];
        for (var step = 1; step <= Steps; step++)
        {
            var (before, gradient, after) = Step(judge);
            (m, v) = m.Length == 0 ? (new double[before.Length], new double[before.Length]) : (m, v);
            for (var index = 0; index < before.Length; index++)
            {
                m[index] = 0.9 * m[index] + 0.1 * gradient[index];
                v[index] = 0.999 * v[index] + 0.001 * gradient[index] * gradient[index];
                var (mean, square) = (m[index] / (1 - Math.Pow(0.9, step)), v[index] / (1 - Math.Pow(0.999, step)));
                var expected = before[index] - OrtOptimizerGraph.InitialLearningRate * mean / (Math.Sqrt(square) + 1e-8);
                AssertStep(expected, after[index], before[index]);
            }
        }
    }

    private static (float[] Before, float[] Gradient, float[] After) Step(JudgeProcess judge)
    {
        var before = judge.Parameters();
        var gradient = judge.Train(JudgedNetwork.Shallow.MicroBatch(0)).Gradients;
        judge.Step();
        return (before, gradient, judge.Parameters());
    }

    // Float32 rounds a parameter by 2^-24 of itself, and a step of AdamW, at most some 1e-3, by 1e-4 of itself where the gradient is near epsilon.
    private static void AssertStep(double expected, float actual, float before) =>
        Assert.True(Math.Abs(expected - actual) <= 1.2e-7 * Math.Max(1, Math.Abs(before)) + 2e-7, $"expected {expected:R}, got {actual:R}");

    private JudgeProcess Start(OrtOptimizerKind optimizer, LearningRateSchedule? schedule)
    {
        var sizes = new TrainingGraphSizes(JudgedNetwork.Classes, JudgedNetwork.Batch, JudgedNetwork.Shallow.Size) { OrtTraining = new OrtTrainingForm { HasProbes = true } };
        ArtifactSet.ForOrtTraining(new RunPoint(JudgedNetwork.Shallow.Weights(), Momenta: null, Step: 0), sizes, optimizer, schedule).Write(_folder.Path);
        return new JudgeProcess(_folder.Path);
    }
}
