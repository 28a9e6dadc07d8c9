using BiT.Core.Imaging;
using BiT.Core.Store;
using BiT.Serving.Archives;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
using BiT.Serving.Jobs;
using BiT.Serving.ModelFiles;
using BiT.Serving.Rpc;
using Google.Rpc;

namespace BiT.Tests.Unit.Serving.Rpc;

public sealed class ErrorMappingTests
{
    public static TheoryData<Exception, Code, string> Errors => new()
    {
        { FieldViolations.Single("model", "is empty."), Code.InvalidArgument, "INVALID_REQUEST" },
        { new ImageRejectedException(ImageProblem.Truncated, "m"), Code.InvalidArgument, "TRUNCATED" },
        { new InvalidDatasetException("m"), Code.InvalidArgument, "DATASET_NOT_USABLE" },
        { new InvalidPageTokenException("m"), Code.InvalidArgument, "INVALID_PAGE_TOKEN" },
        { new ModelNotFoundException("ALIAS_NOT_FOUND", "models/m@a", "m"), Code.NotFound, "ALIAS_NOT_FOUND" },
        { ResourceNotFoundException.Job("fineTuneJobs/1"), Code.NotFound, "JOB_NOT_FOUND" },
        { ResourceNotFoundException.Dataset("datasets/1"), Code.NotFound, "DATASET_NOT_FOUND" },
        { new RequestIdConflictException("id", "m"), Code.AlreadyExists, "REQUEST_ID_CONFLICT" },
        { new AliasConflictException("m"), Code.Aborted, "ALIAS_CONFLICT" },
        { new ModelNotLoadableException(new ModelVersionId("m", 1), "m"), Code.FailedPrecondition, "MODEL_NOT_LOADABLE" },
        { ModelNotLoadableException.WithoutHead(new ModelVersionId("m", 1)), Code.FailedPrecondition, "MODEL_HAS_NO_HEAD" },
        { new BlobCorruptException("00", "m"), Code.DataLoss, "BLOB_CORRUPT" },
        { new QueueFullException("m", TimeSpan.FromSeconds(2)), Code.ResourceExhausted, "QUEUE_FULL" },
        { new TooManyUploadsException(8), Code.ResourceExhausted, "TOO_MANY_UPLOADS" },
        { new UploadIdleException(TimeSpan.FromSeconds(1)), Code.DeadlineExceeded, "UPLOAD_IDLE" },
        { new TooManyDownloadsException(16), Code.ResourceExhausted, "TOO_MANY_DOWNLOADS" },
        { new TooManyTasksException(32), Code.ResourceExhausted, "TOO_MANY_TASKS" },
        { new NoTrainerException(TimeSpan.FromMinutes(2)), Code.Unavailable, "NO_TRAINER" },
        { new ArchiveRefusedException(ArchiveProblem.Bomb, "m"), Code.InvalidArgument, "ARCHIVE_REFUSED" },
        { new JobStateException("JOB_DONE", "1", "m"), Code.FailedPrecondition, "JOB_DONE" },
        { new ModelStateException("VERSION_IN_USE", "m"), Code.FailedPrecondition, "VERSION_IN_USE" },
        { new IOException("secret", 28), Code.ResourceExhausted, "DISK_FULL" },
        { new OutOfMemoryException("secret"), Code.ResourceExhausted, "OUT_OF_MEMORY" },
        { Store(5), Code.Unavailable, "STORE_BUSY" },
        { Store(6), Code.Unavailable, "STORE_BUSY" },
        { Store(7), Code.ResourceExhausted, "OUT_OF_MEMORY" },
        { Store(8), Code.Unavailable, "STORE_UNAVAILABLE" },
        { Store(10), Code.Unavailable, "STORE_UNAVAILABLE" },
        { Store(10, extended: 3082), Code.ResourceExhausted, "OUT_OF_MEMORY" },
        { Store(11), Code.DataLoss, "STORE_DAMAGED" },
        { Store(13), Code.ResourceExhausted, "DISK_FULL" },
        { Store(14), Code.Unavailable, "STORE_UNAVAILABLE" },
        { Store(15), Code.Unavailable, "STORE_BUSY" },
        { Store(26), Code.DataLoss, "STORE_DAMAGED" },
        { new BatchFailedException(new InvalidOperationException("m")), Code.Internal, "INFERENCE_FAILED" },
        { new ServerStoppingException(), Code.Unavailable, "SERVER_STOPPING" },
        { new InvalidOperationException("secret"), Code.Internal, "INTERNAL" },
    };

    // sqlite3.h: BUSY 5, LOCKED 6, NOMEM 7, READONLY 8, IOERR 10 (_NOMEM 3082), CORRUPT 11, FULL 13, CANTOPEN 14, PROTOCOL 15, NOTADB 26.
    private static StoreUnavailableException Store(int code, int? extended = null) =>
        new("m", new Microsoft.Data.Sqlite.SqliteException("m", code, extended ?? code));

    [Theory]
    [MemberData(nameof(Errors))]
    public void Exception_HasItsCodeAndReason(Exception exception, Code code, string reason)
    {
        var status = ErrorMapping.ToStatus(exception);

        Assert.Equal((int)code, status.Code);
        Assert.Equal(reason, status.GetDetail<ErrorInfo>().Reason);
        Assert.Equal("bit", status.GetDetail<ErrorInfo>().Domain);
    }

    /// <summary>What a caller can do is in the details, not in the words alone.</summary>
    [Theory]
    [MemberData(nameof(Errors))]
    public void Exception_HasTheDetailsOfItsCode(Exception exception, Code code, string reason)
    {
        var status = ErrorMapping.ToStatus(exception);

        // A photo is refused in the result that stands in its place.
        if (code == Code.InvalidArgument && exception is not ImageRejectedException)
            Assert.NotEmpty(status.GetDetail<BadRequest>().FieldViolations);
        else
            Assert.Null(status.GetDetail<BadRequest>());
        Assert.Empty(status.GetDetail<ErrorInfo>().Metadata.Keys.Except(ErrorReasons.ByName[reason].Metadata));
    }

    [Fact]
    public void Reasons_ThatWaitingCures_SayWhenToTryAgain()
    {
        foreach (var reason in ErrorReasons.ByName.Values)
        {
            // A full disk or memory does not empty itself.
            var isCuredByWaiting = reason.Code == Code.Unavailable
                || (reason.Code == Code.ResourceExhausted && reason.Name is not ("DISK_FULL" or "OUT_OF_MEMORY"));
            Assert.True(isCuredByWaiting == reason.RetryDelay is not null, $"{reason.Name}: {(isCuredByWaiting ? "give it" : "it has")} a RetryDelay.");
        }
        Assert.Equal(5, ErrorMapping.ToStatus(new ServerStoppingException()).GetDetail<RetryInfo>().RetryDelay.Seconds);
    }

    [Theory]
    [InlineData(TaskKind.Import, "INVALID_WEIGHTS", "data")]
    [InlineData(TaskKind.Import, "UNKNOWN_NETWORK", "header.network")]
    [InlineData(TaskKind.Evaluate, "NO_PHOTOS", "split")]
    [InlineData(TaskKind.Evaluate, "LABEL_MISMATCH", "dataset")]
    [InlineData(TaskKind.Estimate, "INVALID_PLAN", "spec")]
    [InlineData(TaskKind.Preview, "BAD_PHOTO", "spec.dataset")]
    public void FailedTask_NamesTheFieldOfItsRequest(TaskKind kind, string reason, string field)
    {
        var status = ErrorMapping.ToStatus(new TaskFailedException(kind, new JobError(reason, "m")));

        Assert.Equal((int)Code.InvalidArgument, status.Code);
        var violation = Assert.Single(status.GetDetail<BadRequest>().FieldViolations);
        Assert.Equal((field, "m"), (violation.Field, violation.Description));
    }

    [Fact]
    public void UnknownReasonOfATrainer_IsKeptAsAnInternalError()
    {
        var status = ErrorMapping.ToStatus(new JobError("OF_TOMORROW", "m"));

        Assert.Equal(((int)Code.Internal, "OF_TOMORROW", "m"), (status.Code, status.GetDetail<ErrorInfo>().Reason, status.Message));
    }

    [Fact]
    public void FullQueue_SaysWhenToTryAgain() =>
        Assert.Equal(2,
            ErrorMapping.ToStatus(new QueueFullException("m", TimeSpan.FromSeconds(2))).GetDetail<RetryInfo>().RetryDelay.Seconds);

    [Fact]
    public void UnforeseenException_KeepsItsTextFromTheCaller() =>
        Assert.DoesNotContain("secret", ErrorMapping.ToStatus(new InvalidOperationException("secret")).ToString(),
            StringComparison.Ordinal);

    [Fact]
    public void InvalidRequest_ListsEveryField()
    {
        var violations = new FieldViolations();
        foreach (var field in new[] { "a", "b", "c", "d" })
            violations.Add(field, "is wrong.");

        var status = ErrorMapping.ToStatus(violations.Exception());

        Assert.Equal(["a", "b", "c", "d"], status.GetDetail<BadRequest>().FieldViolations.Select(violation => violation.Field));
        Assert.Equal("a: is wrong. b: is wrong. c: is wrong. And 1 more.", status.Message);
    }
}
