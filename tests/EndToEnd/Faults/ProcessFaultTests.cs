using System.Runtime.InteropServices;
using BiT.Core.Store;
using BiT.Tests.EndToEnd.Serving;
using JobState = BiT.Protocol.V1.JobState;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>Processes that end in the middle of everything: the store stays consistent, and the job goes on.</summary>
public sealed partial class ProcessFaultTests : IDisposable
{
    // RLIMIT_DATA: what a process may write to. RLIMIT_AS would count the 256 GB of addresses that .NET sets aside and never uses.
    private const int WritableMemory = 2;

    private readonly TemporaryFolder _folder = new();

    private string Workspace => Path.Combine(_folder.Path, "workspace");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Job_WhoseServerIsKilled_GoesOnUnderTheNextServer(bool killsServer, bool killsTrainer)
    {
        string job;
        long step;
        await using (var first = await TrainingServer.StartAsync(Workspace, _folder.Path))
        {
            job = await first.SubmitAsync(await first.UploadAsync(), steps: 400);
            await first.ReachAsync(job, step: 3);
            step = (await first.GetAsync(job)).Progress.Step;
            var trainer = first.TrainerId();
            if (killsServer)
                await first.Process.KillAsync();
            if (killsTrainer)
                TrainingServer.Kill(trainer);
        }
        await BitProcess.AssertConsistentAsync(Workspace);

        await using var second = await TrainingServer.StartAsync(Workspace, _folder.Path);
        var done = await second.EndAsync(job);

        Assert.True(done.State == JobState.Succeeded, $"{done.Error} {second.Log}");
        Assert.True(done.Attempt > 1, $"It ended before it was killed, at step {step}.");
        await BitProcess.AssertConsistentAsync(Workspace);
    }

    [Fact]
    public async Task Job_WhoseTrainerIsKilledAlone_GoesOnUnderTheSameServer()
    {
        await using var server = await TrainingServer.StartAsync(Workspace, _folder.Path);
        var job = await server.SubmitAsync(await server.UploadAsync(), steps: 400);
        await server.ReachAsync(job, step: 3);
        var before = (await server.GetAsync(job)).Progress.Step;

        TrainingServer.Kill(server.TrainerId());
        await BitProcess.AssertConsistentAsync(Workspace);
        var done = await server.EndAsync(job);

        Assert.True(done.State == JobState.Succeeded, $"{done.Error} {server.Log}");
        Assert.True(done.Attempt > 1, $"It ended before it was killed, at step {before}.");
        Assert.Contains("was ended by signal 9 (SIGKILL)", server.Log);
        await BitProcess.AssertConsistentAsync(Workspace);
    }

    [Fact]
    public async Task Trainer_ThatRunsOutOfMemory_LosesNothingAndTheJobGoesOn()
    {
        await using var server = await TrainingServer.StartAsync(Workspace, _folder.Path);
        var job = await server.SubmitAsync(await server.UploadAsync(), steps: 400);
        await server.ReachAsync(job, step: 3);

        // Less than it has: the next page that it asks for is refused, to the runtime, to ONNX Runtime or to SQLite.
        var trainer = server.TrainerId();
        var limit = new Limit { Soft = 1 << 20, Hard = ulong.MaxValue };
        Assert.SkipUnless(SetLimit(trainer, WritableMemory, ref limit, 0) == 0, "This machine does not let a user limit the memory of a process (prlimit).");
        var done = await server.EndAsync(job);

        // Where it fails decides: an orderly end that says so, or a dead process whose job the next one takes up; the living one
        // that cannot write a row any more loses the job until it is given up.
        if (done.State == JobState.Failed)
            Assert.True(TrainingServer.ReasonOf(done) is "OUT_OF_MEMORY" or "WORKER_LOST", $"{done.Error} {server.Log}");
        else
            Assert.True(done.State == JobState.Succeeded && done.Attempt > 1, $"{done.State} in attempt {done.Attempt}: memory did not run out. {server.Log}");
        await BitProcess.AssertConsistentAsync(Workspace);
        // The same trainer, if it lives: with memory again it works again.
        limit.Soft = ulong.MaxValue;
        _ = SetLimit(trainer, WritableMemory, ref limit, 0);
        Assert.Equal(JobState.Succeeded, (await server.EndAsync(await server.SubmitAsync(await server.UploadAsync(), steps: 3))).State);
    }

    [Fact]
    public async Task Job_WhosePhotoIsMissing_FailsWithItsNameAndUploadingAgainHeals()
    {
        await using var server = await TrainingServer.StartAsync(Workspace, _folder.Path);
        var dataset = await server.UploadAsync();
        var photo = Directory.GetFiles(Path.Combine(Workspace, "blobs"), "*", SearchOption.AllDirectories)[0];
        File.Delete(photo);

        var failed = await server.EndAsync(await server.SubmitAsync(dataset, steps: 3));
        Assert.Equal(("STORE_DAMAGED", true), (TrainingServer.ReasonOf(failed), failed.Error.Message.Contains(Path.GetFileName(photo), StringComparison.Ordinal)));
        var (code, output, _) = await BitProcess.RunAsync("doctor", "--workspace", Workspace, "--quick");
        Assert.Equal(1, code);
        Assert.Contains($"error: BLOB_MISSING blobs/{Path.GetFileName(photo)[..2]}/{Path.GetFileName(photo)}", output);
        Assert.Contains($"{dataset} (", output);

        Assert.Equal(dataset, await server.UploadAsync());
        await BitProcess.AssertConsistentAsync(Workspace);
        Assert.Equal(JobState.Succeeded, (await server.EndAsync(await server.SubmitAsync(dataset, steps: 3))).State);
    }

    [Fact]
    public async Task Server_OnADamagedDatabase_DoesNotStartAndSaysWhatToDo()
    {
        BiT.Core.Store.Workspace.Open(Workspace, TimeProvider.System).Dispose();
        await using (var file = File.OpenWrite(Path.Combine(Workspace, "bit.db")))
        {
            file.Position = 4096;
            file.Write(new byte[file.Length - 4096]);
        }
        await using var server = ServerProcess.Launch(
            "--Workspace:Path", Workspace, "--Listen:Address", "http://127.0.0.1:0", "--Listen:WebAddress", "none", "--Trainer:Enabled", "false");

        Assert.Equal(1, (await server.ExitAsync()).Code);
        Assert.Contains("The database is damaged", server.Log);
        Assert.Contains("restore a backup", server.Log);
        var (code, output, _) = await BitProcess.RunAsync("doctor", "--workspace", Workspace);
        Assert.Equal(1, code);
        Assert.Contains("DATABASE_DAMAGED", output);
    }

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static partial int SetLimit(int processId, int resource, ref Limit limit, nint old);

    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
