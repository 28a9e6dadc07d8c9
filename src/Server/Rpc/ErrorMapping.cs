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
using Microsoft.Data.Sqlite;
using Status = Google.Rpc.Status;

namespace BiT.Serving.Rpc;

/// <summary>The one place that turns exceptions into google.rpc.Status. Reasons are part of the public protocol: they never
/// change.</summary>
internal static class ErrorMapping
{
    /// <summary>ErrorInfo.domain of every error.</summary>
    public const string Domain = "bit";

    // sqlite3.h: SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_CORRUPT, SQLITE_NOTADB.
    private const int SqliteBusy = 5;
    private const int SqliteLocked = 6;
    private const int SqliteFull = 13;
    private const int SqliteCorrupt = 11;
    private const int SqliteNotADatabase = 26;

    private static readonly TimeSpan BusyRetry = TimeSpan.FromSeconds(1);

    // A restart by a supervisor takes seconds.
    private static readonly TimeSpan RestartRetry = TimeSpan.FromSeconds(5);

    /// <summary>What the caller gets to see.</summary>
    /// <returns>INTERNAL without details for an exception that nobody foresaw: its text may hold paths.</returns>
    public static Status ToStatus(Exception exception) => exception switch
    {
        InvalidRequestException invalid => Error(Code.InvalidArgument, "INVALID_REQUEST", invalid.Message).With(ToBadRequest(invalid)),
        ImageRejectedException image => Error(Code.InvalidArgument, image.Problem.ToReason(), image.Message),
        DatasetBlockedException blocked => Error(Code.InvalidArgument, "DATASET_NOT_USABLE", blocked.Message,
            ("problem_count", blocked.Problems.Count.ToString(CultureInfo.InvariantCulture)))
            .With(DatasetMessages.ToBadRequest(blocked.Problems)),
        ArchiveRefusedException archive => Error(Code.InvalidArgument, "ARCHIVE_REFUSED", archive.Message,
            ("problem", UpperSnakeCase(archive.Problem.ToString()))),
        ArchiveChecksumException archive => Error(Code.DataLoss, "CHECKSUM_MISMATCH", archive.Message),
        DatasetInUseException dataset => Error(Code.FailedPrecondition, "DATASET_IN_USE", dataset.Message,
            ("job", ResourceNames.OfJob(dataset.JobId)), ("job_count", dataset.JobCount.ToString(CultureInfo.InvariantCulture))),
        InvalidDatasetException dataset => Error(Code.InvalidArgument, "DATASET_NOT_USABLE", dataset.Message),
        InvalidPageTokenException token => Error(Code.InvalidArgument, "INVALID_PAGE_TOKEN", token.Message),
        ModelNotFoundException model => Error(Code.NotFound, model.Reason, model.Message, ("resource", model.Resource)),
        ResourceNotFoundException missing => Error(Code.NotFound, missing.Reason, missing.Message, ("resource", missing.Resource)),
        StoreNotFoundException missing => Error(Code.NotFound, "NOT_FOUND", missing.Message),
        RequestIdConflictException conflict =>
            Error(Code.AlreadyExists, "REQUEST_ID_CONFLICT", conflict.Message, ("request_id", conflict.RequestId)),
        JobStateException job => Error(Code.FailedPrecondition, job.Reason, job.Message, ("job", ResourceNames.OfJob(job.JobId))),
        AliasConflictException conflict => Error(Code.Aborted, "ALIAS_CONFLICT", conflict.Message),
        ModelStateException state => Error(Code.FailedPrecondition, state.Reason, state.Message),
        NoWeightsException weights =>
            Error(Code.FailedPrecondition, "VERSION_HAS_NO_WEIGHTS", weights.Message, ("version", weights.Version.ToString())),
        ModelNotLoadableException model =>
            Error(Code.FailedPrecondition, model.Reason, model.Message, ("version", model.Version.ToString())),
        BlobCorruptException blob => Error(Code.DataLoss, "BLOB_CORRUPT", blob.Message, ("sha256", blob.Hash)),
        BlobNotFoundException blob => Error(Code.DataLoss, "BLOB_MISSING", blob.Message, ("sha256", blob.Hash)),
        QueueFullException full => Error(Code.ResourceExhausted, "QUEUE_FULL", full.Message).With(Retry(full.RetryAfter)),
        TooManyUploadsException uploads => Error(Code.ResourceExhausted, "TOO_MANY_UPLOADS", uploads.Message,
            ("limit", uploads.Limit.ToString(CultureInfo.InvariantCulture))).With(Retry(BusyRetry)),
        TooManyDownloadsException downloads => Error(Code.ResourceExhausted, "TOO_MANY_DOWNLOADS", downloads.Message,
            ("limit", downloads.Limit.ToString(CultureInfo.InvariantCulture))).With(Retry(BusyRetry)),
        TooManyTasksException tasks => Error(Code.ResourceExhausted, "TOO_MANY_TASKS", tasks.Message,
            ("limit", tasks.Limit.ToString(CultureInfo.InvariantCulture))).With(Retry(BusyRetry)),
        NoTrainerException trainer => Error(Code.Unavailable, "NO_TRAINER", trainer.Message).With(Retry(RestartRetry)),
        TaskFailedException task => Error(TrainerReasons.CodeOf(task.Error.Reason), task.Error.Reason, task.Error.Message),
        UploadIdleException idle => Error(Code.DeadlineExceeded, "UPLOAD_IDLE", idle.Message),
        DownloadIdleException idle => Error(Code.DeadlineExceeded, "DOWNLOAD_IDLE", idle.Message),
        UploadDamagedException damaged => Error(Code.DataLoss, "CHECKSUM_MISMATCH", damaged.Message),
        BatchFailedException batch => Error(Code.Internal, "INFERENCE_FAILED", batch.Message),
        ServerStoppingException stopping => Error(Code.Unavailable, "SERVER_STOPPING", stopping.Message).With(Retry(RestartRetry)),
        StoreUnavailableException { InnerException: SqliteException { SqliteErrorCode: SqliteBusy or SqliteLocked or SqliteFull } cause } =>
            ToStatus(cause),
        StoreUnavailableException { InnerException: SqliteException { SqliteErrorCode: SqliteCorrupt or SqliteNotADatabase } } damaged =>
            Error(Code.DataLoss, "STORE_DAMAGED", damaged.Message),
        StoreUnavailableException store => Error(Code.Unavailable, "STORE_UNAVAILABLE", store.Message).With(Retry(RestartRetry)),
        SqliteException { SqliteErrorCode: SqliteBusy or SqliteLocked } =>
            Error(Code.Unavailable, "STORE_BUSY", "The store is busy with another process's write. Try again.").With(Retry(BusyRetry)),
        SqliteException { SqliteErrorCode: SqliteFull } => DiskFull(),
        IOException io when IsDiskFull(io) => DiskFull(),
        _ => Error(Code.Internal, "INTERNAL",
            "The server failed on this call; its log holds the details. It is worth trying once more, and reporting."),
    };

    // TooManyEntries -> TOO_MANY_ENTRIES
    private static string UpperSnakeCase(string name) => string.Concat(name.Select((letter, index) =>
        (index > 0 && char.IsUpper(letter) ? "_" : "") + char.ToUpperInvariant(letter)));

    private static Status DiskFull() =>
        Error(Code.ResourceExhausted, "DISK_FULL", "The disk of the workspace is full. Free some space or move the workspace.");

    private static Status Error(Code code, string reason, string message, params (string Key, string Value)[] metadata)
    {
        var info = new ErrorInfo { Reason = reason, Domain = Domain };
        foreach (var (key, value) in metadata)
            info.Metadata[key] = value;
        return new Status { Code = (int)code, Message = message }.With(info);
    }

    private static Status With(this Status status, IMessage detail)
    {
        status.Details.Add(Any.Pack(detail));
        return status;
    }

    private static RetryInfo Retry(TimeSpan delay) => new() { RetryDelay = Duration.FromTimeSpan(delay) };

    private static BadRequest ToBadRequest(InvalidRequestException invalid)
    {
        var report = new BadRequest();
        report.FieldViolations.AddRange(invalid.Violations);
        return report;
    }

    // ERROR_DISK_FULL on Windows, ENOSPC (28) and EDQUOT (122) elsewhere.
    private static bool IsDiskFull(IOException failure) => OperatingSystem.IsWindows()
        ? (failure.HResult & 0xFFFF) is 0x70 or 0x27
        : failure.HResult is 28 or 122;
}
