using BiT.Protocol.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;
using Alpha = Grpc.Reflection.V1Alpha;

namespace BiT.Tests.EndToEnd.Serving;

public sealed class ServerProcessTests
{
    private static readonly string[] Services = [
        "bit.v1.ClassificationService", "bit.v1.DatasetService", "bit.v1.FineTuningService", "bit.v1.ModelService", "grpc.health.v1.Health"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Server_AfterItsReadyLine_AnswersHealthAndBothReflections()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);
        using var channel = server.Connect();

        var health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Token);
        using var v1 = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(cancellationToken: Token);
        await v1.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Token);
        Assert.True(await v1.ResponseStream.MoveNext(Token));
        using var alpha = new Alpha.ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(cancellationToken: Token);
        await alpha.RequestStream.WriteAsync(new Alpha.ServerReflectionRequest { FileContainingSymbol = "bit.v1.ClassificationService" }, Token);
        Assert.True(await alpha.ResponseStream.MoveNext(Token));

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.Empty(Services.Except(v1.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name)));
        Assert.NotEmpty(alpha.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto);
    }

    [Fact]
    public async Task Server_AskedToTerminate_EndsItsWatchesAndExitsWithZero()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);
        using var channel = server.Connect();
        var dataset = (await new DatasetService.DatasetServiceClient(channel).UploadAsync("colours", Uploads.TwoColours(0))).Dataset.Name;
        var jobs = new FineTuningService.FineTuningServiceClient(channel);
        var job = await jobs.SubmitFineTuneJobAsync(
            new SubmitFineTuneJobRequest { Spec = new FineTuneSpec { Dataset = dataset, Model = "models/m" } }, cancellationToken: Token);
        using var watch = jobs.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name }, cancellationToken: Token);
        Assert.True(await watch.ResponseStream.MoveNext(Token));

        await server.TerminateAsync();

        await RpcAssert.FailsAsync(StatusCode.Unavailable, "SERVER_STOPPING", () => watch.ResponseStream.MoveNext(Token));
        var (code, output) = await server.ExitAsync();
        Assert.Equal(0, code);
        Assert.Empty(output);
    }

    [Fact]
    public async Task Server_WhoseStandardInputCloses_Ends()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);

        server.CloseStandardInput();

        Assert.Equal(0, (await server.ExitAsync()).Code);
    }

    [Fact]
    public async Task Server_WithAWrongConfiguration_ListsItAndExitsWithTwo()
    {
        await using var server = ServerProcess.Launch("--Listen:Address", "http://0.0.0.0:0", "--Batching:MaxBatchSize", "0", "--Trainer:Enabled", "false");

        var (code, output) = await server.ExitAsync();

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains("Listen:AllowRemote", server.Log, StringComparison.Ordinal);
        Assert.Contains("Batching:MaxBatchSize is 0", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_OnATakenPort_SaysSoAndExitsWithOne()
    {
        using var folder = new TemporaryFolder();
        await using var first = await ServerProcess.StartAsync(folder.Path);
        await using var second = ServerProcess.Launch("--Listen:Address", first.Address, "--Workspace:Path", folder.Path, "--Trainer:Enabled", "false");

        var (code, _) = await second.ExitAsync();

        Assert.Equal(1, code);
        Assert.Contains("address already in use", second.Log, StringComparison.OrdinalIgnoreCase);
    }
}
