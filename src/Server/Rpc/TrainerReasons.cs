using Google.Rpc;

namespace BiT.Serving.Rpc;

/// <summary>Which code belongs to a reason that the trainer gave for a failed job or task.</summary>
internal static class TrainerReasons
{
    public static Code CodeOf(string reason) => reason switch
    {
        "INVALID_PLAN" or "UNKNOWN_NETWORK" or "INVALID_WEIGHTS" or "INVALID_GRAPH" or "BAD_PHOTO" or "LABEL_MISMATCH" or "NO_PHOTOS" => Code.InvalidArgument,
        "NOT_FOUND" => Code.NotFound,
        "DIVERGED" or "EXECUTION_PROVIDER" or "ENGINE_NOT_BUILT" or "INVALID_ARTIFACTS" or "BROKEN_MODEL" or "MODEL_NOT_LOADABLE" or "UNSUPPORTED_TASK" => Code.FailedPrecondition,
        "OUT_OF_MEMORY" or "DISK_FULL" => Code.ResourceExhausted,
        "STORE_DAMAGED" => Code.DataLoss,
        "WORKER_LOST" => Code.Aborted,
        _ => Code.Internal,
    };
}
