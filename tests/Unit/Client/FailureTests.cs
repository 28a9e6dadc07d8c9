using BiT.Client;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Violation = Google.Rpc.BadRequest.Types.FieldViolation;
using Wire = BiT.Protocol.V1;

namespace BiT.Tests.Unit.Client;

public sealed class FailureTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_RefusedWithDetails_CarriesReasonViolationsAndDelay()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Submit = _ => throw new Google.Rpc.Status
            {
                Code = (int)Code.InvalidArgument,
                Message = "The job has 1 bad value.",
                Details =
                {
                    Any.Pack(new ErrorInfo { Reason = "BAD_SPEC", Domain = "bit", Metadata = { ["limit"] = "1024" } }),
                    Any.Pack(new BadRequest { FieldViolations = { new Violation { Field = "spec.crop", Description = "crop is 9" } } }),
                    Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) }),
                },
            }.ToRpcException(),
        });
        using var client = new BitClient(service.Address);

        var failure = await Assert.ThrowsAsync<BitException>(() => client.SubmitFineTuneJobAsync(Spec, cancellationToken: Cancel));

        Assert.Equal(
            (Grpc.Core.StatusCode.InvalidArgument, "BAD_SPEC", "The job has 1 bad value."),
            (failure.Code, failure.Reason, failure.Message));
        Assert.Equal([new BiT.Client.FieldViolation("spec.crop", "crop is 9")], failure.FieldViolations);
        Assert.Equal("1024", failure.Metadata["limit"]);
        Assert.Equal(TimeSpan.FromSeconds(3), failure.RetryDelay);
    }

    [Fact]
    public async Task Call_RefusedWithoutDetails_TakesTheStatusNameAsReason()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            GetModel = _ => throw new RpcException(new Grpc.Core.Status(Grpc.Core.StatusCode.FailedPrecondition, "Not now.")),
        });
        using var client = new BitClient(service.Address);

        var failure = await Assert.ThrowsAsync<BitException>(() => client.GetModelAsync("flowers", Cancel));

        Assert.Equal(("FAILED_PRECONDITION", "Not now."), (failure.Reason, failure.Message));
    }

    [Fact]
    public async Task Call_NobodyListens_SaysWhereAndWhy()
    {
        string address;
        await using (var service = await FakeService.StartAsync(new FakeAnswers()))
            address = service.Address;
        using var client = new BitClient(address, new BitClientOptions { MaxAttempts = 1 });

        var failure = await Assert.ThrowsAsync<BitException>(() => client.GetModelAsync("flowers", Cancel));

        Assert.Equal((Grpc.Core.StatusCode.Unavailable, "UNREACHABLE"), (failure.Code, failure.Reason));
        Assert.Contains(address, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ServiceUnavailableAtFirst_IsTriedAgain()
    {
        var attempts = 0;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            GetModel = name => ++attempts < 3 ? throw Unavailable() : new Wire.Model { Name = name },
        });
        using var client = new BitClient(service.Address);

        var model = await client.GetModelAsync("flowers", Cancel);

        Assert.Equal("models/flowers", model.Name);
        Assert.Equal(3, attempts);
    }

    [Fact]
    public async Task Write_ServiceUnavailable_IsNotRepeated()
    {
        var attempts = 0;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            SetAlias = _ =>
            {
                attempts++;
                throw Unavailable();
            },
        });
        using var client = new BitClient(service.Address);

        await Assert.ThrowsAsync<BitException>(() => client.SetAliasAsync("flowers", "flowers/versions/1", cancellationToken: Cancel));

        Assert.Equal(1, attempts);
    }

    /// <summary>The reply may be what was lost: the request id keeps a second attempt from making a second job.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("mine")]
    public async Task Submit_ServiceUnavailable_IsTriedAgainUnderOneRequestId(string requestId)
    {
        var requestIds = new List<string>();
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Submit = request =>
            {
                requestIds.Add(request.RequestId);
                return requestIds.Count < 3 ? throw Unavailable() : new Wire.FineTuneJob { Name = "fineTuneJobs/j", Spec = request.Spec };
            },
        });
        using var client = new BitClient(service.Address);

        Assert.Equal("fineTuneJobs/j", (await client.SubmitFineTuneJobAsync(Spec, requestId, Cancel)).Name);

        Assert.Equal(3, requestIds.Count);
        Assert.NotEmpty(Assert.Single(requestIds.Distinct()));
        Assert.True(requestId.Length == 0 || requestIds[0] == requestId);
    }

    [Fact]
    public async Task Submit_ServiceStaysAway_EndsAfterTheAllowedAttempts()
    {
        var attempts = 0;
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Submit = _ =>
            {
                attempts++;
                throw Unavailable();
            },
        });
        using var client = new BitClient(service.Address, new BitClientOptions { MaxAttempts = 2 });

        Assert.Equal("UNAVAILABLE", (await Assert.ThrowsAsync<BitException>(() => client.SubmitFineTuneJobAsync(Spec, cancellationToken: Cancel))).Reason);

        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task Classify_OneBadImageOfTwo_ReportsItInItsPlace()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            Classify = request => new Wire.ClassifyResponse
            {
                ModelVersion = request.Model + "/versions/2",
                Results =
                {
                    new Wire.ClassifyResult
                    {
                        Error = new Google.Rpc.Status
                        {
                            Code = (int)Code.InvalidArgument,
                            Message = "Not an image.",
                            Details = { Any.Pack(new ErrorInfo { Reason = "NOT_AN_IMAGE" }) },
                        },
                    },
                    new Wire.ClassifyResult
                    {
                        Predictions = new Wire.Predictions
                        {
                            Predictions_ = { new Wire.Prediction { Label = "rose", Probability = 0.75f, ClassIndex = 2 } },
                        },
                    },
                },
            },
        });
        using var client = new BitClient(service.Address);

        var reply = await client.ClassifyAsync("flowers", [new byte[] { 1 }, new byte[] { 2 }], cancellationToken: Cancel);

        Assert.Equal("models/flowers/versions/2", reply.ModelVersion);
        Assert.Equal("NOT_AN_IMAGE", reply.Images[0].Error?.Reason);
        Assert.Equal([new BiT.Client.Prediction("rose", 0.75f, 2)], reply.Images[1].Predictions);
    }

    [Fact]
    public async Task List_SeveralPages_WalksThemAll()
    {
        await using var service = await FakeService.StartAsync(new FakeAnswers
        {
            ListModels = request => request.PageToken switch
            {
                "" => new Wire.ListModelsResponse { Models = { new Wire.Model { Name = "models/a" } }, NextPageToken = "2" },
                "2" => new Wire.ListModelsResponse { NextPageToken = "3" },
                _ => new Wire.ListModelsResponse { Models = { new Wire.Model { Name = "models/b" } } },
            },
        });
        using var client = new BitClient(service.Address);

        Assert.Equal(["models/a", "models/b"], await client.ListModelsAsync(Cancel).Select(model => model.Name).ToListAsync(Cancel));
    }

    [Theory]
    [InlineData("localhost:5075")]
    [InlineData("ftp://host")]
    [InlineData("")]
    public void Constructor_NoHttpAddress_Throws(string address)
        => Assert.Contains(
            "http://HOST:PORT", Assert.Throws<ArgumentException>(() => new BitClient(address)).Message, StringComparison.Ordinal);

    private static BiT.Client.FineTuneSpec Spec => new() { Dataset = "datasets/d", Model = "flowers" };

    private static RpcException Unavailable() => new(new Grpc.Core.Status(Grpc.Core.StatusCode.Unavailable, "Starting."));
}
