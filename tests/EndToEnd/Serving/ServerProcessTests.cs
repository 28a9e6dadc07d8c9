using System.Text.Json;
using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;
using SkiaSharp;
using Alpha = Grpc.Reflection.V1Alpha;

namespace BiT.Tests.EndToEnd.Serving;

public sealed class ServerProcessTests
{
    private static readonly string[] Services = [
        "bit.v1.ClassificationService", "bit.v1.DatasetService", "bit.v1.FineTuningService", "bit.v1.ModelService",
        "grpc.health.v1.Health"];

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
        await alpha.RequestStream.WriteAsync(new Alpha.ServerReflectionRequest { FileContainingSymbol = "bit.v1.ClassificationService" },
            Token);
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
            new SubmitFineTuneJobRequest { Spec = new Protocol.V1.FineTuneSpec { Dataset = dataset, Model = "models/m" } },
                cancellationToken: Token);
        using var watch = jobs.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job.Name }, cancellationToken: Token);
        Assert.True(await watch.ResponseStream.MoveNext(Token));

        await server.TerminateAsync();

        await RpcAssert.FailsAsync(StatusCode.Unavailable, "SERVER_STOPPING", () => watch.ResponseStream.NextEventAsync());
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
    public async Task Server_WithAFullQueue_RefusesAndSaysWhenToTryAgain()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(
            folder.Path, "--Batching:Capacity", "16", "--Batching:MaxBatchSize", "1", "--Limits:MaxImagesPerRequest", "16");
        using var channel = server.Connect();
        using (var workspace = Workspace.Open(folder.Path, TimeProvider.System))
            TinyModels.ImportFull(workspace, "colours", "red", "green", "blue");
        var client = new ClassificationService.ClassificationServiceClient(channel);
        var request = new ClassifyRequest { Model = "models/colours/versions/1" };
        request.Images.AddRange(Enumerable.Repeat(ByteString.CopyFrom(Drawings.Png(SKColors.Red)), 16));
        await client.ClassifyAsync(request, cancellationToken: Token);

        var refusals = new List<RpcException>();
        await Eventually.HoldsAsync(async () =>
        {
            var calls = Enumerable.Range(0, 8).Select(_ => client.ClassifyAsync(request, cancellationToken: Token).ResponseAsync).ToArray();
            await Task.WhenAll(calls).ContinueWith(_ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);
            refusals.AddRange(calls.Where(call => call.IsFaulted).Select(call => call.Exception?.InnerException).OfType<RpcException>());
            return refusals.Count > 0;
        });

        var status = await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "QUEUE_FULL", () => Task.FromException(refusals[0]));
        Assert.True(status.GetDetail<RetryInfo>().RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        Assert.Contains("Batching:Capacity = 16", status.Message, StringComparison.Ordinal);
        Assert.Single((await client.ClassifyAsync(new ClassifyRequest { Model = request.Model, Images = { request.Images[0] } },
            cancellationToken: Token)).Results);
    }

    [Fact]
    public async Task Server_WithAWrongConfiguration_ListsItAndExitsWithTwo()
    {
        await using var server = ServerProcess.Launch("--Listen:Address", "http://0.0.0.0:0", "--Batching:MaxBatchSize", "0",
            "--Trainer:Enabled", "false");

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
        await using var second = ServerProcess.Launch("--Listen:Address", first.Address, "--Workspace:Path", folder.Path,
            "--Trainer:Enabled", "false");

        var (code, _) = await second.ExitAsync();

        Assert.Equal(1, code);
        Assert.Contains("address already in use", second.Log, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("--Listen:Address", second.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_OfARunningAndOfAStoppedServer_TellsThemApart()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);
        string[] question = ["health", "--Listen:Address", server.Address, "--Trainer:Enabled", "false"];

        await using var well = ServerProcess.Launch(question);
        Assert.Equal((0, "serving"), await AnswerAsync(well));

        server.CloseStandardInput();
        await server.ExitAsync();
        await using var gone = ServerProcess.Launch(question);
        Assert.Equal((1, ""), await AnswerAsync(gone));
        Assert.Contains("does not answer", gone.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Runtime:ExecutionProvider", "false")]
    [InlineData("--Trainer:ExecutionProvider", "true")]
    public async Task Server_WhoseProviderCannotBeLoaded_SaysWhatToDoAndExitsWithTwo(string option, string withTrainer)
    {
        using var folder = new TemporaryFolder();
        await using var server = ServerProcess.Launch(option, "cuda:0", "--Workspace:Path", folder.Path,
            "--Trainer:Enabled", withTrainer, "--Listen:Address", "http://127.0.0.1:0");

        Assert.Equal((2, ""), await server.ExitAsync());
        Assert.Equal("Execution provider cuda:0 cannot be loaded: this program was built with ONNX Runtime's CPU package. "
            + "Build with -p:OnnxRuntimeFlavor=gpu (see docs/gpu.md), or use provider cpu.", server.Log);
    }

    [Fact]
    public async Task Server_ConfiguredByFileAndSecrets_LogsJsonLinesIntoAPipe()
    {
        using var folder = new TemporaryFolder();
        var secrets = Directory.CreateDirectory(Path.Combine(folder.Path, "secrets")).FullName;
        await File.WriteAllTextAsync(Path.Combine(secrets, "Workspace__Path"), Path.Combine(folder.Path, "from-secrets"), Token);
        var file = Path.Combine(folder.Path, "bit.json");
        await File.WriteAllTextAsync(file, """{"Listen":{"Address":"http://127.0.0.1:0"},"Trainer":{"Enabled":false},"Logging":{"LogLevel":{"Default":"Debug"}}}""", Token);

        await using var server = ServerProcess.Launch("--ConfigurationFile", file, "--SecretsFolder", secrets, "--StopWithStandardInput", "true");
        server.CloseStandardInput();

        Assert.Equal(0, (await server.ExitAsync()).Code);
        Assert.True(File.Exists(Path.Combine(folder.Path, "from-secrets", "bit.db")));
        Assert.All(server.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => JsonDocument.Parse(line).Dispose());
    }

    private static async Task<(int Code, string Output)> AnswerAsync(ServerProcess process)
    {
        var (code, output) = await process.ExitAsync();
        return (code, output.Trim());
    }
}
