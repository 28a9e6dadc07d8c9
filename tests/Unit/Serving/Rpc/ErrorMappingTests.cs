using BiT.Core.Imaging;
using BiT.Core.Store;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
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
        { new BatchFailedException(new InvalidOperationException("m")), Code.Internal, "INFERENCE_FAILED" },
        { new ServerStoppingException(), Code.Unavailable, "SERVER_STOPPING" },
        { new InvalidOperationException("secret"), Code.Internal, "INTERNAL" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void Exception_HasItsCodeAndReason(Exception exception, Code code, string reason)
    {
        var status = ErrorMapping.ToStatus(exception);

        Assert.Equal((int)code, status.Code);
        Assert.Equal(reason, status.GetDetail<ErrorInfo>().Reason);
        Assert.Equal("bit", status.GetDetail<ErrorInfo>().Domain);
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
