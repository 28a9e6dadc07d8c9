using System.Diagnostics;
using BiT.Core.Store;
using BiT.Protocol.V1;
using JobState = BiT.Protocol.V1.JobState;

namespace BiT.Tests.EndToEnd.Serving;

public sealed class TrainerSupervisionTests
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Trainer_KilledWithMinusNine_IsStartedAgainAndItsJobRequeued()
    {
        using var folder = new TemporaryFolder();
        var starts = Path.Combine(folder.Path, "starts");
        var trainer = FakeTrainer(folder.Path, starts);
        await using var server = await ServerProcess.StartAsync(Path.Combine(folder.Path, "workspace"), "--Trainer:Enabled", "true",
            "--Trainer:Path", trainer);
        using var channel = server.Connect();
        var dataset = (await new DatasetService.DatasetServiceClient(channel).UploadAsync("colours", Uploads.TwoColours(0))).Dataset.Name;
        var job = await new FineTuningService.FineTuningServiceClient(channel).SubmitFineTuneJobAsync(
            new SubmitFineTuneJobRequest { Spec = new Protocol.V1.FineTuneSpec { Dataset = dataset, Model = "models/m" } },
            cancellationToken: TestContext.Current.CancellationToken);
        using var workspace = Workspace.Open(Path.Combine(folder.Path, "workspace"), TimeProvider.System);
        var first = await StartAsync(starts, 1, server);
        // In the name of the fake trainer: its lease would hold the job for ten minutes.
        var lease = workspace.Jobs.TryLease(first.WorkerId, LeaseDuration);
        Assert.Equal(job.Name, $"fineTuneJobs/{lease?.JobId}");

        using (var process = Process.GetProcessById(first.ProcessId))
            process.Kill();

        var second = await StartAsync(starts, 2, server);
        Assert.Equal(first.WorkerId, second.WorkerId);
        Assert.NotEqual(first.ProcessId, second.ProcessId);
        var waiting = workspace.Jobs.Find(lease?.JobId ?? "");
        Assert.Equal(Core.Store.JobState.Queued, waiting?.State);
        Assert.Equal(2, workspace.Jobs.TryLease(second.WorkerId, LeaseDuration)?.Attempt);

        await server.TerminateAsync();
        Assert.Equal(0, (await server.ExitAsync()).Code);
        Assert.False(IsRunning(second.ProcessId), "The trainer outlived the server.");
    }

    [Fact]
    public async Task Job_ThatKillsItsTrainerThreeTimes_FailsWithItsLastWordsSignalAndMemory()
    {
        using var folder = new TemporaryFolder();
        var starts = Path.Combine(folder.Path, "starts");
        var trainer = FakeTrainer(folder.Path, starts);
        await using var server = await ServerProcess.StartAsync(Path.Combine(folder.Path, "workspace"), "--Trainer:Enabled", "true",
            "--Trainer:Path", trainer);
        using var channel = server.Connect();
        var dataset = (await new DatasetService.DatasetServiceClient(channel).UploadAsync("colours", Uploads.TwoColours(0))).Dataset.Name;
        var jobs = new FineTuningService.FineTuningServiceClient(channel);
        var job = await jobs.SubmitFineTuneJobAsync(
            new SubmitFineTuneJobRequest { Spec = new Protocol.V1.FineTuneSpec { Dataset = dataset, Model = "models/m" } },
            cancellationToken: TestContext.Current.CancellationToken);
        using var workspace = Workspace.Open(Path.Combine(folder.Path, "workspace"), TimeProvider.System);

        for (var loss = 1; loss <= 3; loss++)
        {
            var started = await StartAsync(starts, loss, server);
            await Eventually.HoldsAsync(() => Task.FromResult(server.Log.Contains($"last words of {started.ProcessId}", StringComparison.Ordinal)), () => server.Log);
            Assert.Equal(loss, workspace.Jobs.TryLease(started.WorkerId, LeaseDuration)?.Attempt);
            using var process = Process.GetProcessById(started.ProcessId);
            process.Kill();
            await Eventually.HoldsAsync(() => Task.FromResult(workspace.Jobs.List(1, null).Items[0].State != Core.Store.JobState.Running), () => server.Log);
        }

        var failed = await jobs.GetFineTuneJobAsync(new GetFineTuneJobRequest { Name = job.Name }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((JobState.Failed, 3), (failed.State, failed.Attempt));
        Assert.Contains("3 trainers in a row died", failed.Error.Message, StringComparison.Ordinal);
        Assert.Matches(@"it was ended by signal 9 \(SIGKILL\) after [0-9.]+ s; its memory was [0-9][0-9,]* MiB at most", failed.Error.Message);
        Assert.Contains($"last words of {(await StartAsync(starts, 3, server)).ProcessId}", failed.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_KilledWithMinusNine_TakesItsTrainerAlong()
    {
        using var folder = new TemporaryFolder();
        var starts = Path.Combine(folder.Path, "starts");
        var trainer = FakeTrainer(folder.Path, starts);
        await using var server = await ServerProcess.StartAsync(Path.Combine(folder.Path, "workspace"), "--Trainer:Enabled", "true",
            "--Trainer:Path", trainer);
        var started = await StartAsync(starts, 1, server);

        using (var process = Process.GetProcessById(server.ProcessId))
            process.Kill();

        await Eventually.HoldsAsync(() => Task.FromResult(!IsRunning(started.ProcessId)));
    }

    [Fact]
    public async Task Server_WithTheDefaultTrainer_FindsIt()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(Path.Combine(folder.Path, "workspace"), "--Trainer:Enabled", "true");

        await Eventually.HoldsAsync(() => Task.FromResult(server.Log.Contains("Started trainer", StringComparison.Ordinal)),
            () => server.Log);
    }

    // Notes its process id and arguments, talks more than a pipe holds, and ends with its standard input as a trainer does.
    private static string FakeTrainer(string folder, string starts)
    {
        var path = Path.Combine(folder, "trainer");
        File.WriteAllText(path, $"""
            #!/bin/sh
            head -c 300000 /dev/zero | tr '\0' '\n' | head -n 200000 >&2
            echo "last words of $$" >&2
            echo "$$ $*" >> '{starts}'
            exec cat > /dev/null
            """);
        using var chmod = Process.Start("chmod", ["700", path]);
        chmod.WaitForExit();
        return path;
    }

    private static async Task<(int ProcessId, string WorkerId)> StartAsync(string starts, int number, ServerProcess server)
    {
        await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(starts) && File.ReadAllLines(starts).Length >= number),
            () => server.Log);
        var words = File.ReadAllLines(starts)[number - 1].Split(' ');
        Assert.Equal(["work", "--workspace"], words[1..3]);
        Assert.Equal("--worker-id", words[4]);
        Assert.Equal("--exit-with-stdin", words[6]);
        return (int.Parse(words[0], null), words[5]);
    }

    private static bool IsRunning(int processId)
    {
        // A zombie has ended; only its parent has not noticed yet.
        var status = $"/proc/{processId}/stat";
        try
        {
            return File.ReadAllText(status).Split(')')[^1].Trim()[0] != 'Z';
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
