using BiT.Training.Artifacts;
using BiT.Training.Networks;
using BiT.Training.Planning;

namespace BiT.Training.Pretraining;

/// <summary>Resolves what was asked for, for given photos, into a plan.</summary>
internal static class PretrainingPlanner
{
    private const double Momentum = 0.9;

    // Where the upstream training of the paper divides its rate by ten: after 30, 60 and 80 of 90 epochs.
    private static readonly double[] Decays = [30.0 / 90, 60.0 / 90, 80.0 / 90];

    /// <param name="request">Within the ranges of the options.</param>
    /// <param name="labels">Class names by class index.</param>
    /// <param name="training">Photos to learn from.</param>
    /// <param name="evaluation">Photos to evaluate on; may be empty.</param>
    /// <param name="weights">What to start from; null for random weights.</param>
    /// <param name="memoryBytes">What training may use.</param>
    /// <exception cref="PlanException">The values contradict each other, or a pass does not fit into memory.</exception>
    public static PretrainingPlan Plan(PretrainingRequest request, IReadOnlyList<string> labels, PhotoList training, PhotoList evaluation, StartingWeights? weights, long memoryBytes)
    {
        if (training.Count < 1)
            throw new PlanException(["There are no training photos left. Hold back fewer (--holdout), or add photos."]);
        var network = BitNetwork.ByName(request.Network);
        var microBatch = request.MicroBatchSize ?? request.BatchSize;
        if (request.BatchSize % microBatch != 0)
            throw new PlanException([$"--micro-batch is {microBatch}; expected a divisor of --batch, which is {request.BatchSize}."]);
        CheckMemory(new MemoryBudget(network, labels.Count, memoryBytes).MaxMicroBatch("full", request.ImageSize), microBatch, request);
        var steps = Math.Ceiling(request.Epochs * training.Count / request.BatchSize);
        if (steps > OverrideRules.MaxSteps)
        {
            throw new PlanException([$"{request.Epochs} epochs of {training.Count:N0} photos in batches of {request.BatchSize} are {steps:N0} steps; "
                + $"expected at most {OverrideRules.MaxSteps:N0}. Train for fewer epochs, or in larger batches."]);
        }
        return new PretrainingPlan
        {
            Network = network.Name,
            Weights = weights,
            ImageSize = request.ImageSize,
            BatchSize = request.BatchSize,
            MicroBatchSize = microBatch,
            Epochs = request.Epochs,
            Schedule = Schedule(request, (int)steps),
            Momentum = Momentum,
            WeightDecay = request.WeightDecay,
            MixupAlpha = request.MixupAlpha,
            Crop = request.Crop,
            Flip = request.Flip,
            Seed = request.Seed,
            EvaluationInterval = (int)Math.Clamp(Math.Round(request.EvaluationEpochs * training.Count / request.BatchSize), 1, steps),
            HoldOut = request.HoldOut,
            TrainCount = training.Count,
            TrainId = training.Id,
            EvaluationCount = evaluation.Count,
            EvaluationId = evaluation.Id,
            Labels = labels,
        };
    }

    private static void CheckMemory(int most, int microBatch, PretrainingRequest request)
    {
        if (microBatch <= most)
            return;
        throw new PlanException([most == 0
            ? $"Not even one photo of {request.ImageSize} pixels fits into the memory. Give more (--memory-bytes), or choose a smaller --size or --network."
            : $"A pass of {microBatch} photos does not fit into the memory; at most {most} do. Set --micro-batch to a divisor of {request.BatchSize} up to {most}, "
                + "or give more memory (--memory-bytes)."]);
    }

    private static LearningRateSchedule Schedule(PretrainingRequest request, int steps)
    {
        var rate = request.LearningRate ?? Recipes.ScratchRate(request.BatchSize);
        var warmup = request.WarmupSteps ?? Recipes.ScratchWarmup(steps);
        if (warmup > steps)
            throw new PlanException([$"--warmup-steps is {warmup}; expected at most the {steps:N0} steps of the run."]);
        var cosine = LearningRateSchedule.Cosine(rate, warmup, steps);
        return request.Schedule == ScheduleShape.Cosine
            ? cosine
            : cosine with { Shape = ScheduleShape.Staircase, DecayBoundaries = [.. Decays.Select(share => (int)Math.Round(share * steps))] };
    }
}
