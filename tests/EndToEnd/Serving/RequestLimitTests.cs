using System.Security.Cryptography;
using BiT.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Limits on single requests: below and at each, a call goes on to the next question; above it is refused by name. Those of data sets
/// are in <see cref="DatasetLimitTests"/>.</summary>
[Collection(ServerCollection.Name)]
public sealed class RequestLimitTests(ServerFixture server)
{
    // As ServerFixture sets them.
    private const int MaxImagesPerRequest = 8;
    private const int MaxRequestBytes = 400_000;
    private const int MaxImportBytes = 400_000;

    private static readonly CallOptions Options = new(cancellationToken: TestContext.Current.CancellationToken);

    private readonly FineTuneSpec _ofNothing = new() { Dataset = $"datasets/{new string('0', 64)}", Model = "models/m" };

    [Theory]
    [InlineData(MaxImagesPerRequest - 1, null)]
    [InlineData(MaxImagesPerRequest, null)]
    [InlineData(MaxImagesPerRequest + 1, "MaxImagesPerRequest = 8")]
    public Task Classify_Images(int count, string? refusal)
    {
        var request = new ClassifyRequest { Model = "models/nobody" };
        request.Images.AddRange(Enumerable.Repeat(ByteString.CopyFrom(1), count));
        return CheckAsync(refusal, "images", StatusCode.NotFound, "MODEL_NOT_FOUND", () => server.Classification.ClassifyAsync(request, Options).ResponseAsync);
    }

    [Theory]
    [InlineData(MaxRequestBytes - 1, null)]
    [InlineData(MaxRequestBytes, null)]
    [InlineData(MaxRequestBytes + 1, "MaxRequestBytes = 400,000")]
    public Task Classify_Bytes(int length, string? refusal)
    {
        var request = new ClassifyRequest { Model = "models/nobody", Images = { ByteString.CopyFrom(new byte[length - 100]) } };
        request.Images[0] = ByteString.CopyFrom(new byte[length - 100 + (length - request.CalculateSize())]);
        Assert.Equal(length, request.CalculateSize());
        return CheckAsync(refusal, "images", StatusCode.NotFound, "MODEL_NOT_FOUND", () => server.Classification.ClassifyAsync(request, Options).ResponseAsync);
    }

    // With a checksum of other bytes, so that no trainer is asked.
    [Theory]
    [InlineData(MaxImportBytes - 1, null)]
    [InlineData(MaxImportBytes, null)]
    [InlineData(MaxImportBytes + 1, "Limits:MaxImportBytes = 400,000")]
    public Task Import_Bytes(int length, string? refusal)
    {
        byte[] file = [(byte)'P', (byte)'K', 3, 4, .. new byte[length - 4]];
        return CheckAsync(refusal, "data", StatusCode.DataLoss, "CHECKSUM_MISMATCH", () => server.Models.SendAsync(
        [
            new ImportModelVersionRequest { Header = new ImportHeader { Model = "models/m", Network = "bit-tiny" } },
            .. file.Chunk(100_000).Select(chunk => new ImportModelVersionRequest { Data = ByteString.CopyFrom(chunk) }),
            new ImportModelVersionRequest { Sha256 = ByteString.CopyFrom(SHA256.HashData("others"u8)) },
        ]));
    }

    [Theory]
    [InlineData(99, null)]
    [InlineData(100, null)]
    [InlineData(101, "expected 0 to 100")]
    public Task Submit_RequestId(int length, string? refusal) => CheckAsync(refusal, "request_id", StatusCode.NotFound, "DATASET_NOT_FOUND",
        () => server.FineTuning.SubmitFineTuneJobAsync(
            new SubmitFineTuneJobRequest { Spec = _ofNothing, RequestId = new string('r', length) }, Options).ResponseAsync);

    [Theory]
    [InlineData(-1, "expected 0")]
    [InlineData(0, null)]
    [InlineData(8, null)]
    [InlineData(9, "to 8")]
    public Task Preview_Batches(int count, string? refusal) => CheckAsync(refusal, "batch_count", StatusCode.NotFound, "DATASET_NOT_FOUND", async () =>
    {
        using var call = server.FineTuning.PreviewFineTuneJob(new PreviewFineTuneJobRequest { Spec = _ofNothing, BatchCount = count }, Options);
        await call.ResponseStream.MoveNext(Options.CancellationToken);
    });

    [Theory]
    [InlineData(199, null)]
    [InlineData(200, null)]
    [InlineData(201, "expected 0 to 200")]
    public Task Upload_DisplayName(int length, string? refusal) => CheckAsync(refusal, "header.display_name", StatusCode.InvalidArgument, "DATASET_NOT_USABLE",
        () => server.Datasets.UploadAsync(new string('d', length), []));

    private static async Task CheckAsync(string? refusal, string field, StatusCode otherwise, string reason, Func<Task> call)
    {
        if (refusal is null)
        {
            await RpcAssert.FailsAsync(otherwise, reason, call);
            return;
        }
        var status = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "INVALID_REQUEST", call);
        var violation = Assert.Single(status.GetDetail<BadRequest>().FieldViolations);
        Assert.Equal(field, violation.Field);
        Assert.Contains(refusal, violation.Description, StringComparison.Ordinal);
    }
}
