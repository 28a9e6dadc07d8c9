using BiT.Core.Store;
using BiT.Serving.Rpc;
using Google.Protobuf;
using Google.Rpc;

namespace BiT.Tests.Unit.Serving.Rpc;

public sealed class BlockedUploadTests
{
    // What gRPC's C core takes of all metadata together; a binary value travels in base64.
    private const int MetadataLimit = 8 << 10;

    [Fact]
    public void ToStatus_ThousandsOfBadFiles_FitsIntoATrailer()
    {
        var draft = new DatasetDraft();
        for (var index = 0; index < 5000; index++)
            draft.LeaveOut(new string('x', 390) + index, "rose", "CORRUPT", new string('y', 1000));

        var status = ErrorMapping.ToStatus(new DatasetBlockedException(draft.Review().Problems));

        Assert.InRange(status.CalculateSize() * 4 / 3, 1, MetadataLimit);
        Assert.Equal("5002", status.GetDetail<ErrorInfo>().Metadata["problem_count"]);
        var violations = status.GetDetail<BadRequest>().FieldViolations;
        Assert.Equal("dataset", violations[0].Field);
        Assert.Equal("class 'rose'", violations[1].Field);
        Assert.StartsWith("file 'xxx", violations[2].Field, StringComparison.Ordinal);
    }

    [Fact]
    public void ToStatus_ThirtyBadFiles_TellsTheFirstTwenty()
    {
        var draft = new DatasetDraft();
        for (var index = 0; index < 30; index++)
            draft.LeaveOut($"{index}.jpg", "", "EMPTY", "No bytes.");

        var violations = ErrorMapping.ToStatus(new DatasetBlockedException(draft.Review().Problems)).GetDetail<BadRequest>().FieldViolations;

        Assert.Equal(["dataset", .. Enumerable.Range(0, 20).Select(index => $"file '{index}.jpg'")], violations.Select(item => item.Field));
        Assert.Equal("EMPTY: No bytes.", violations[1].Description);
    }

    [Fact]
    public void ToStatus_FullDiskUnderTheDatabase_IsDiskFull()
    {
        var failure = new StoreUnavailableException("full", new Microsoft.Data.Sqlite.SqliteException("full", 13));

        Assert.Equal("DISK_FULL", ErrorMapping.ToStatus(failure).GetDetail<ErrorInfo>().Reason);
    }
}
