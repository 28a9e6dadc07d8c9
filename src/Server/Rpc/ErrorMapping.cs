using System.Globalization;
using BiT.Core.Imaging;
using BiT.Core.Store;
using BiT.Serving.Archives;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
using BiT.Serving.Jobs;
using BiT.Serving.ModelFiles;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Status = Google.Rpc.Status;

namespace BiT.Serving.Rpc;

/// <summary>The one place that turns exceptions into google.rpc.Status. What a reason brings along, <see cref="ErrorReasons"/> says.</summary>
internal static class ErrorMapping
{
    /// <summary>ErrorInfo.domain of every error.</summary>
    public const string Domain = "bit";

    // All of this travels in a trailer, and clients bound the size of trailers.
    private const int MaxDescriptionLength = 600;

    /// <summary>What the caller gets to see.</summary>
    /// <returns>INTERNAL without details for an exception that nobody foresaw: its text may hold paths.</returns>
    public static Status ToStatus(Exception exception) => exception switch
    {
        InvalidRequestException invalid => Error(ErrorReasons.InvalidRequest, invalid.Message).With(ToBadRequest(invalid)),
        ImageRejectedException image => Error(ErrorReasons.Named(image.Problem.ToReason()), image.Message),
        DatasetBlockedException blocked => Error(ErrorReasons.DatasetNotUsable with { Field = null }, blocked.Message,
            ("problem_count", blocked.Problems.Count.ToString(CultureInfo.InvariantCulture)))
            .With(DatasetMessages.ToBadRequest(blocked.Problems)),
        ArchiveRefusedException archive => Error(ErrorReasons.ArchiveRefused, archive.Message,
            ("problem", UpperSnakeCase(archive.Problem.ToString()))),
        ArchiveChecksumException archive => Error(ErrorReasons.ChecksumMismatch, archive.Message),
        DatasetInUseException dataset => Error(ErrorReasons.DatasetInUse, dataset.Message,
            ("job", ResourceNames.OfJob(dataset.JobId)), ("job_count", dataset.JobCount.ToString(CultureInfo.InvariantCulture))),
        InvalidDatasetException dataset => Error(ErrorReasons.DatasetNotUsable, dataset.Message),
        InvalidPageTokenException token => Error(ErrorReasons.InvalidPageToken, token.Message),
        ModelNotFoundException model => Error(ErrorReasons.Named(model.Reason), model.Message, ("resource", model.Resource)),
        ResourceNotFoundException missing => Error(ErrorReasons.Named(missing.Reason), missing.Message, ("resource", missing.Resource)),
        StoreNotFoundException missing => Error(ErrorReasons.NotFound, missing.Message),
        RequestIdConflictException conflict =>
            Error(ErrorReasons.RequestIdConflict, conflict.Message, ("request_id", conflict.RequestId)),
        JobStateException job => Error(ErrorReasons.Named(job.Reason), job.Message, ("job", ResourceNames.OfJob(job.JobId))),
        AliasConflictException conflict => Error(ErrorReasons.AliasConflict, conflict.Message),
        ModelStateException state => Error(ErrorReasons.Named(state.Reason), state.Message),
        NoWeightsException weights =>
            Error(ErrorReasons.VersionHasNoWeights, weights.Message, ("version", weights.Version.ToString())),
        ModelNotLoadableException model =>
            Error(ErrorReasons.Named(model.Reason), model.Message, ("version", model.Version.ToString())),
        BlobCorruptException blob => Error(ErrorReasons.BlobCorrupt, blob.Message, ("sha256", blob.Hash)),
        BlobNotFoundException blob => Error(ErrorReasons.BlobMissing, blob.Message, ("sha256", blob.Hash)),
        QueueFullException full => Error(ErrorReasons.QueueFull with { RetryDelay = full.RetryAfter }, full.Message),
        TooManyUploadsException uploads => Error(ErrorReasons.TooManyUploads, uploads.Message,
            ("limit", uploads.Limit.ToString(CultureInfo.InvariantCulture))),
        TooManyDownloadsException downloads => Error(ErrorReasons.TooManyDownloads, downloads.Message,
            ("limit", downloads.Limit.ToString(CultureInfo.InvariantCulture))),
        TooManyTasksException tasks => Error(ErrorReasons.TooManyTasks, tasks.Message,
            ("limit", tasks.Limit.ToString(CultureInfo.InvariantCulture))),
        NoTrainerException trainer => Error(ErrorReasons.NoTrainer, trainer.Message),
        TaskFailedException task => Error(
            ErrorReasons.Named(task.Error.Reason) with { Field = FieldOf(task.Kind, task.Error.Reason) }, task.Error.Message),
        UploadIdleException idle => Error(ErrorReasons.UploadIdle, idle.Message),
        DownloadIdleException idle => Error(ErrorReasons.DownloadIdle, idle.Message),
        UploadDamagedException damaged => Error(ErrorReasons.ChecksumMismatch, damaged.Message),
        BatchFailedException batch => Error(ErrorReasons.InferenceFailed, batch.Message),
        ServerStoppingException stopping => Error(ErrorReasons.ServerStopping, stopping.Message),
        StoreUnavailableException store => OfStore(store),
        IOException when DiskSpace.IsExhausted(exception) => DiskFull(),
        OutOfMemoryException => OutOfMemory(),
        _ => Error(ErrorReasons.Internal,
            "The server failed on this call; its log holds the details. It is worth trying once more, and reporting."),
    };

    /// <summary>Whatever failed, it did so because the deadline has passed.</summary>
    public static Status DeadlineExceeded() => Error(ErrorReasons.DeadlineExceeded, "The deadline of the call has passed.");

    /// <summary>Whatever failed, it did so because the caller has left.</summary>
    public static Status Cancelled() => Error(ErrorReasons.Cancelled, "The caller has left.");

    /// <summary>Why a job failed.</summary>
    public static Status ToStatus(JobError error) => Error(ErrorReasons.Named(error.Reason), error.Message);

    // TooManyEntries -> TOO_MANY_ENTRIES
    private static string UpperSnakeCase(string name) => string.Concat(name.Select((letter, index) =>
        (index > 0 && char.IsUpper(letter) ? "_" : "") + char.ToUpperInvariant(letter)));

    private static Status OfStore(StoreUnavailableException store) => store.Problem switch
    {
        StoreProblem.Busy => Error(ErrorReasons.StoreBusy, "The store is busy with another process's write. Try again."),
        StoreProblem.DiskFull => DiskFull(),
        StoreProblem.Damaged => Error(ErrorReasons.StoreDamaged, store.Message),
        StoreProblem.OutOfMemory => OutOfMemory(),
        _ => Error(ErrorReasons.StoreUnavailable, store.Message),
    };

    private static Status OutOfMemory() =>
        Error(ErrorReasons.OutOfMemory, "The server got no memory for this call; nothing of it is kept. Give it more memory, or send less at a time.");

    private static Status DiskFull() =>
        Error(ErrorReasons.DiskFull, "The disk of the workspace is full. Free some space or move the workspace.");

    private static Status Error(ErrorReason reason, string message, params (string Key, string Value)[] metadata)
    {
        var info = new ErrorInfo { Reason = reason.Name, Domain = Domain };
        foreach (var (key, value) in metadata)
            info.Metadata[key] = value;
        var status = new Status { Code = (int)reason.Code, Message = message }.With(info);
        if (reason.RetryDelay is { } delay)
            status.With(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) });
        // Clipped without dots: whoever prints both leaves out a description that the message contains.
        return reason.Field is { } field
            ? status.With(ToBadRequest(FieldViolations.Single(field, message[..Math.Min(message.Length, MaxDescriptionLength)])))
            : status;
    }

    private static Status With(this Status status, IMessage detail)
    {
        status.Details.Add(Any.Pack(detail));
        return status;
    }

    private static BadRequest ToBadRequest(InvalidRequestException invalid)
    {
        var report = new BadRequest();
        report.FieldViolations.AddRange(invalid.Violations);
        return report;
    }

    // Which field of the request that made the task is at fault; null if none is.
    private static string? FieldOf(TaskKind kind, string reason) => (kind, reason) switch
    {
        (TaskKind.Import, "UNKNOWN_NETWORK") => "header.network",
        (TaskKind.Import, "INVALID_WEIGHTS" or "INVALID_GRAPH") => "data",
        (TaskKind.Evaluate, "LABEL_MISMATCH" or "BAD_PHOTO") => "dataset",
        (TaskKind.Evaluate, "NO_PHOTOS") => "split",
        (TaskKind.Estimate or TaskKind.Preview, "INVALID_PLAN") => "spec",
        (TaskKind.Estimate or TaskKind.Preview, "UNKNOWN_NETWORK") => "spec.network",
        (TaskKind.Estimate or TaskKind.Preview, "INVALID_WEIGHTS") => "spec.base",
        (TaskKind.Estimate or TaskKind.Preview, "BAD_PHOTO") => "spec.dataset",
        _ => null,
    };
}
