using System.Diagnostics;
using System.Globalization;
using BiT.Protocol.V1;
using BiT.Tests.EndToEnd.Serving;
using Grpc.Net.Client;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>A server with the real trainer, which writes a checkpoint every second, and jobs of bit-tiny.</summary>
internal sealed class TrainingServer : IAsyncDisposable
{
    // Jobs, leases that run out and trainers that start again, on a machine that does other things besides.
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly string _workspace;

    private TrainingServer(string workspace, ServerProcess process)
    {
        _workspace = workspace;
        Process = process;
        Channel = process.Connect();
    }

    public ServerProcess Process { get; }

    public GrpcChannel Channel { get; }

    public FineTuningService.FineTuningServiceClient FineTuning => new(Channel);

    public DatasetService.DatasetServiceClient Datasets => new(Channel);

    public string Log => Process.Log;

    public static async Task<TrainingServer> StartAsync(string workspace, string toolFolder, params string[] options) => new(
        workspace, await ServerProcess.StartAsync(workspace, [.. TrainerOptions(toolFolder), .. options]));

    /// <summary>As <see cref="StartAsync"/> on a disk of its own, of a few megabytes; see <see cref="ServerProcess.CanMountAsync"/>.</summary>
    public static async Task<TrainingServer> StartOnSmallDiskAsync(string workspace, string toolFolder, int megabytes) => new(
        workspace, await ServerProcess.StartOnSmallDiskAsync(workspace, megabytes, TrainerOptions(toolFolder)));

    public async Task<string> UploadAsync() => (await Datasets.UploadAsync("colours", Uploads.TwoColours(0))).Dataset.Name;

    public async Task<string> SubmitAsync(string dataset, int steps) => (await FineTuning.SubmitFineTuneJobAsync(
        new SubmitFineTuneJobRequest
        {
            Spec = new FineTuneSpec
            {
                Dataset = dataset,
                Model = "models/colours",
                Method = "full",
                Recipe = "scratch",
                Overrides = new FineTuneOverrides
                {
                    Steps = steps, BatchSize = 4, Crop = 32, Resize = 32, WarmupSteps = 0, LearningRate = 0.02, EvaluationInterval = 10,
                },
            },
        },
        cancellationToken: TestContext.Current.CancellationToken)).Name;

    public async Task<FineTuneJob> GetAsync(string job) =>
        await FineTuning.GetFineTuneJobAsync(new GetFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);

    public async Task<FineTuneJob> EndAsync(string job)
    {
        await Eventually.HoldsAsync(async () => (await GetAsync(job)).Done, () => Log, Patience);
        return await GetAsync(job);
    }

    /// <summary>Waits until a job has gone beyond a step and a checkpoint of it lies on the disk.</summary>
    public Task ReachAsync(string job, long step) => Eventually.HoldsAsync(
        async () => (await GetAsync(job)).Progress is { } progress && progress.Step >= step && Checkpoints().Length > 0, () => Log, Patience);

    public string[] Checkpoints() => Directory.Exists(Path.Combine(_workspace, "jobs"))
        ? Directory.GetFiles(Path.Combine(_workspace, "jobs"), "*.safetensors", SearchOption.AllDirectories)
        : [];

    /// <summary>The server's child that works on this workspace.</summary>
    public int TrainerId() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0)
        .First(id => id > 0 && CommandLine(id) is var line && line.Contains("BiT.Trainer.dll", StringComparison.Ordinal)
            && line.Contains(_workspace, StringComparison.Ordinal));

    public static string ReasonOf(FineTuneJob job) => job.Error.Details[0].Unpack<Google.Rpc.ErrorInfo>().Reason;

    public static void Kill(int processId)
    {
        using var process = System.Diagnostics.Process.GetProcessById(processId);
        process.Kill();
        process.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await Process.DisposeAsync();
    }

    private static string[] TrainerOptions(string folder)
    {
        var path = Path.Combine(folder, "trainer");
        File.WriteAllText(path, $"""
            #!/bin/sh
            exec dotnet '{Path.Combine(AppContext.BaseDirectory, "BiT.Trainer.dll")}' "$@" --checkpoint-seconds 1
            """);
        using (var chmod = System.Diagnostics.Process.Start("chmod", ["700", path]))
            chmod.WaitForExit();
        return ["--Trainer:Enabled", "true", "--Trainer:Path", path];
    }

    private static string CommandLine(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/cmdline").Replace('\0', ' ');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
