using System.Text.Json;
using BiT.Protocol.V1;
using BiT.Tests.EndToEnd.Serving;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>doctor, gc, backup and restore beside a running server and job.</summary>
public sealed class UpkeepTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("backup")]
    [InlineData("backup.tar")]
    public async Task Backup_WhileAJobRuns_RestoresToAWorkspaceOnWhichItGoesOn(string name)
    {
        var (workspace, backup, restored) = (At("workspace"), At(name), At("restored"));
        string job;
        await using (var server = await TrainingServer.StartAsync(workspace, _folder.Path))
        {
            var dataset = await server.UploadAsync();
            Assert.Equal(JobState.Succeeded, (await server.EndAsync(await server.SubmitAsync(dataset, steps: 3))).State);
            job = await server.SubmitAsync(dataset, steps: 100_000);
            await server.ReachAsync(job, step: 3);
            await BitProcess.AssertConsistentAsync(workspace);

            var made = await BitProcess.RunAsync("backup", backup, "--workspace", workspace, "--json");
            Assert.True(made.Code == 0, made.Log);
            Assert.Equal(1, JsonElement.Parse(made.Output).GetProperty("checkpoints").GetArrayLength());
            // Nothing is old enough to go, and what runs is left alone.
            var collected = await BitProcess.RunAsync("gc", "--workspace", workspace, "--dry-run", "--json");
            Assert.Equal((0, 0), (collected.Code, JsonElement.Parse(collected.Output).GetProperty("blob_count").GetInt32()));
            Assert.Equal(0, (await BitProcess.RunAsync("gc", "--workspace", workspace)).Code);
            // Its photos are in use, and its graphs were a moment ago.
            var strict = await BitProcess.RunAsync("gc", "--workspace", workspace, "--cache-bytes", "0", "--json");
            Assert.Equal((0, 0), (strict.Code, JsonElement.Parse(strict.Output).GetProperty("cache_count").GetInt32()));
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(workspace, "cache")));
            await BitProcess.AssertConsistentAsync(workspace);
            var step = (await server.GetAsync(job)).Progress.Step;
            await Eventually.HoldsAsync(async () => (await server.GetAsync(job)).Progress.Step > step, () => server.Log, TrainingServer.Patience);
        }

        var put = await BitProcess.RunAsync("restore", backup, "--workspace", restored);
        Assert.True(put.Code == 0, put.Log);
        await BitProcess.AssertConsistentAsync(restored);
        await using var second = await TrainingServer.StartAsync(restored, _folder.Path);
        var saved = (await second.GetAsync(job)).Progress.Step;
        await Eventually.HoldsAsync(async () => await second.GetAsync(job) is { State: JobState.Running, Attempt: 2 } goesOn && goesOn.Progress.Step > saved,
            () => second.Log, TrainingServer.Patience);
        await second.FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);
        using var watch = second.FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = job }, cancellationToken: TestContext.Current.CancellationToken);
        var messages = new List<string>();
        while (await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            messages.Add(watch.ResponseStream.Current.Message);
        Assert.Contains(messages, message => message.StartsWith("Resumed at step ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Server_WithAShortInterval_CollectsByItself()
    {
        var workspace = At("workspace");
        using var store = Core.Store.Workspace.Open(workspace, TimeProvider.System);
        var old = store.Blobs.PathOf(store.Blobs.Put(new MemoryStream([1, 2, 3]), TestContext.Current.CancellationToken));
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow - TimeSpan.FromDays(2));
        var young = store.Blobs.PathOf(store.Blobs.Put(new MemoryStream([4, 5, 6]), TestContext.Current.CancellationToken));
        await using var server = await ServerProcess.StartAsync(workspace, "--Retention:Interval", "00:00:01");

        await Eventually.HoldsAsync(() => Task.FromResult(!File.Exists(old) && server.Log.Contains("Collected 1 blob(s)", StringComparison.Ordinal)), () => server.Log);
        Assert.True(File.Exists(young));
    }

    [Fact]
    public async Task Upkeep_OfNoWorkspace_SaysSoAndMakesNone()
    {
        var absent = At("absent");
        foreach (var arguments in new string[][] { ["doctor"], ["gc"], ["backup", At("backup")] })
        {
            var (code, output, log) = await BitProcess.RunAsync([.. arguments, "--workspace", absent, "--json"]);

            Assert.Equal(1, code);
            Assert.Contains("is not a workspace", log);
            Assert.Equal("NOT_A_WORKSPACE", JsonElement.Parse(output).GetProperty("error").GetProperty("reason").GetString());
        }
        Assert.Equal(3, (await BitProcess.RunAsync("restore", At("nothing"), "--workspace", absent)).Code);
        Assert.Equal(2, (await BitProcess.RunAsync("restore", At("nothing"))).Code);
        Assert.False(Directory.Exists(absent));
    }

    private string At(string name) => Path.Combine(_folder.Path, name);
}
