using BiT.Training.Planning;

namespace BiT.Training.Loop;

/// <summary>The numbers of a run went wrong: nothing that it goes on to do can be of use.</summary>
internal sealed class TrainingDivergedException(string message) : Exception(message)
{
    /// <summary>The loss is not a number any more.</summary>
    public static TrainingDivergedException OfLoss(long step, double rate, TrainingPlan plan) =>
        new($"The loss is not finite at step {step} (learning rate {rate:G4}): training diverged. {Cure(plan)}");

    /// <summary>A component of the gradient is not a number any more.</summary>
    public static TrainingDivergedException OfGradient(long step, double rate, TrainingPlan plan) =>
        new($"The gradient is not finite at step {step} (learning rate {rate:G4}): training diverged. {Cure(plan)}");

    /// <summary>The gradient is too long for any use; see <see cref="GradientGuard"/>.</summary>
    public static TrainingDivergedException OfExplosion(long step, double rate, (double Gradient, double Weights) norms, TrainingPlan plan) =>
        new($"The gradient exploded at step {step}: at learning rate {rate:G4} this one step would move the weights by {rate * norms.Gradient / norms.Weights:G3} times their own "
            + $"length (gradient norm {norms.Gradient:G4}, weight norm {norms.Weights:G4}). {Cure(plan)}");

    private static string Cure(TrainingPlan plan) =>
        $"Lower learning_rate (it is {plan.LearningRate:G4}), or lengthen warmup_steps (it is {plan.Schedule.WarmupSteps})"
        + (plan.WeightDecay * plan.LearningRate >= 1 ? $"; weight_decay {plan.WeightDecay:G4} times the learning rate turns weights over, so lower that too." : ".");
}
