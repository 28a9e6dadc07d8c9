using BiT.Core.Imaging;
using BiT.Core.Reports;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Graphs;
using BiT.Training.Artifacts;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Weights;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Training.Worker;

/// <summary>Maps what can end a job to the error that its owner reads.</summary>
internal static class JobErrors
{
    public static JobError Of(Exception problem) => problem switch
    {
        EvaluationException evaluation => new JobError(evaluation.Reason, evaluation.Message),
        PlanException => new JobError("INVALID_PLAN", problem.Message),
        NetworkException => new JobError("UNKNOWN_NETWORK", problem.Message),
        WeightsException => new JobError("INVALID_WEIGHTS", problem.Message),
        GraphException => new JobError("INVALID_GRAPH", problem.Message),
        TrainingDivergedException => new JobError("DIVERGED", problem.Message),
        ImageRejectedException => new JobError("BAD_PHOTO", problem.Message),
        StoreNotFoundException => new JobError("NOT_FOUND", problem.Message),
        BlobNotFoundException or BlobCorruptException => new JobError("STORE_DAMAGED", problem.Message),
        ExecutionProviderException => new JobError("EXECUTION_PROVIDER", problem.Message),
        TrainingRuntimeException => new JobError("ENGINE_NOT_BUILT", problem.Message),
        ArtifactException => new JobError("INVALID_ARTIFACTS", problem.Message),
        _ when DiskSpace.IsExhausted(problem) => new JobError("DISK_FULL", "The disk of the workspace is full. Free some space and try again; nothing was kept."),
        StoreUnavailableException { Problem: StoreProblem.Damaged } => new JobError("STORE_DAMAGED", problem.Message),
        StoreUnavailableException { Problem: StoreProblem.OutOfMemory } => OutOfMemory(problem),
        StoreUnavailableException => new JobError("STORE_UNAVAILABLE", problem.Message),
        OutOfMemoryException => OutOfMemory(problem),
        OnnxRuntimeException when problem.Message.Contains("allocate", StringComparison.OrdinalIgnoreCase) => OutOfMemory(problem),
        // Work on several threads: each may meet a problem of its own.
        AggregateException { InnerExceptions: [var first, ..] } => Of(first),
        _ => new JobError("INTERNAL", $"{problem.GetType().Name}: {problem.Message}"),
    };

    private static JobError OutOfMemory(Exception problem) => new(
        "OUT_OF_MEMORY", $"Training does not fit into memory: {problem.Message.Trim()} Choose a smaller micro_batch_size, crop or network.");
}
