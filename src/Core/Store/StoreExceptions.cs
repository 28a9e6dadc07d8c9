using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>A folder cannot be opened as a workspace: a network file system, a newer schema, or another program's database.</summary>
public sealed class WorkspaceException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The database could not be read or written just now: the disk is full or failing, the file is damaged, memory ran out, or another
/// process holds it for longer than <see cref="WorkspaceOptions.BusyTimeout"/>. Nothing of the call was stored; unless it is damaged, it may be
/// tried again.</summary>
public sealed class StoreUnavailableException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>Which of these.</summary>
    public StoreProblem Problem { get; } = inner is SqliteException failure ? StoreProblems.Of(failure) ?? StoreProblem.DiskFailed : StoreProblem.DiskFailed;
}

/// <summary>There is no data set, job, model or version of that name.</summary>
public sealed class StoreNotFoundException(string message) : Exception(message);

/// <summary>A blob that something refers to is not in the store.</summary>
public sealed class BlobNotFoundException(string hash, string message) : Exception(message)
{
    /// <summary>sha256 of the missing content, hexadecimal.</summary>
    public string Hash { get; } = hash;
}

/// <summary>A blob's bytes no longer have the hash that names them: the disk or somebody changed the file.</summary>
public sealed class BlobCorruptException(string hash, string message) : Exception(message)
{
    /// <summary>sha256 that the content should have, hexadecimal.</summary>
    public string Hash { get; } = hash;
}

/// <summary>Photos do not make a data set that can be learned from.</summary>
public sealed class InvalidDatasetException(string message) : Exception(message);

/// <summary>A data set cannot be deleted: jobs that are not done need it.</summary>
public sealed class DatasetInUseException(string jobId, int jobCount, string message) : Exception(message)
{
    /// <summary>One of the jobs.</summary>
    public string JobId { get; } = jobId;

    /// <summary>How many jobs there are.</summary>
    public int JobCount { get; } = jobCount;
}

/// <summary>A request id was used before, for a job with other content.</summary>
public sealed class RequestIdConflictException(string requestId, string message) : Exception(message)
{
    /// <summary>The request id.</summary>
    public string RequestId { get; } = requestId;
}

/// <summary>The state of a job does not allow what was asked.</summary>
/// <param name="reason">Stable code: JOB_DONE, JOB_NOT_DONE, JOB_NOT_SUCCEEDED, JOB_NOT_PAUSED or JOB_CANCEL_REQUESTED.</param>
/// <param name="jobId">The job.</param>
public sealed class JobStateException(string reason, string jobId, string message) : Exception(message)
{
    /// <summary>Stable code.</summary>
    public string Reason { get; } = reason;

    /// <summary>Id of the job.</summary>
    public string JobId { get; } = jobId;
}

/// <summary>A worker wrote under a lease that is no longer the current one. It must stop working on the job and
/// write nothing more.</summary>
public sealed class LeaseLostException(JobLease lease, string message) : Exception(message)
{
    /// <summary>The lease that was lost.</summary>
    public JobLease Lease { get; } = lease;
}

/// <summary>A job is not published, for cancellation was asked for before.</summary>
public sealed class JobCancelRequestedException(string jobId)
    : Exception($"Cancellation of job {jobId} was asked for before its version was published. Hand the job back; it ends as Cancelled.");

/// <summary>An alias does not point where the caller expected; somebody else moved it.</summary>
public sealed class AliasConflictException(string message) : Exception(message);

/// <summary>The state of a model does not allow what was asked: something still needs what is to be deleted, or an alias has nowhere to go
/// back to.</summary>
/// <param name="reason">Stable code: VERSION_HAS_ALIAS, VERSION_IN_USE, MODEL_HAS_ALIAS or NO_PREVIOUS_VERSION.</param>
/// <param name="message">What stands in the way, and the cure.</param>
public sealed class ModelStateException(string reason, string message) : Exception(message)
{
    /// <summary>Stable code in UPPER_SNAKE_CASE.</summary>
    public string Reason { get; } = reason;
}

/// <summary>A page token was not made by this listing.</summary>
public sealed class InvalidPageTokenException(string message) : Exception(message);
