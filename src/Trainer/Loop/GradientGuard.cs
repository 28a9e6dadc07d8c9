using BiT.Training.Planning;

namespace BiT.Training.Loop;

/// <summary>Stops a run whose gradient has exploded, before the step is applied.</summary>
/// <remarks>
/// <para>The rule: a gradient must be finite, and of method <c>full</c> learning rate x |gradient| must stay under |weights|: a step as long as the
/// weights themselves leaves nothing of what they had learned. It knows no history, so a resumed run stops where an uninterrupted one does.
/// See docs/decisions/0012. For <c>head</c> the second half is left out: its weights begin at 0, and its gradient is bounded by
/// the features' length (each component of softmax minus label is within -1 and 1), so it cannot explode.</para>
/// <para>The cost is one reading of the gradient, and of as many weights as are longer than the step. A step reads them too, and works with
/// every weight once per position of every photo; so the share of the check depends on the pixels of a step alone, and where they are few
/// it is made less often: each time that 2^17 pixels (8 photos of 128 x 128) were seen.</para>
/// </remarks>
internal sealed class GradientGuard(TrainingPlan plan)
{
    private const long PixelsPerCheck = 1 << 17;

    // A head's step is about as fast as reading its weights.
    private const long HeadInterval = 16;

    private readonly bool _isFull = plan.Method != "head";

    /// <summary>Steps from one check to the next; a plan's alone, so that every attempt checks the same steps.</summary>
    public long Interval { get; } = plan.Method == "head" ? HeadInterval
        : Math.Max(1, (PixelsPerCheck + PixelsOf(plan) - 1) / PixelsOf(plan));

    /// <summary>Looks at the gradient that the step is about to apply, if the step is one to check.</summary>
    /// <exception cref="TrainingDivergedException">It is of no use.</exception>
    public void Check(long step, double rate, ITrainingEngine engine)
    {
        if (step % Interval != 0 || engine.GradientNorm() is not { } gradient)
            return;
        if (!double.IsFinite(gradient))
            throw TrainingDivergedException.OfGradient(step, rate, plan);
        // Exact, and most weights need not be read: those of one parameter are longer than any step that is worth making.
        if (!_isFull || rate == 0 || engine.WeightsExceed(rate * gradient))
            return;
        var weights = engine.WeightNorm();
        if (!double.IsFinite(weights) || rate * gradient >= weights)
            throw TrainingDivergedException.OfExplosion(step, rate, (gradient, weights), plan);
    }

    private static long PixelsOf(TrainingPlan plan) => (long)plan.BatchSize * plan.Crop * plan.Crop;
}
