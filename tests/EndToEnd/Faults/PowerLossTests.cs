using System.Diagnostics;
using BiT.Core.Store;
using BiT.Tests.EndToEnd.Serving;
using JobState = BiT.Protocol.V1.JobState;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>Power cuts at random moments of a job; see <see cref="PowerLoss"/>.</summary>
public sealed class PowerLossTests : IDisposable
{
    private const int Cuts = 6;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task PowerCut_AtRandomMomentsOfJobs_LosesNothingThatWasAcknowledged()
    {
        Assert.SkipUnless(PowerLoss.CanSee(_folder.Path),
            "This kernel or file system does not tell which pages are not on the disk yet (cachestat, Linux 6.5, no tmpfs).");
        var workspace = Path.Combine(_folder.Path, "workspace");
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var cuts = new List<Cut>();
        await using (var server = await TrainingServer.StartAsync(workspace, _folder.Path))
        {
            var dataset = await server.UploadAsync();
            var done = await server.SubmitAsync(dataset, steps: 4);
            Assert.Equal(JobState.Succeeded, (await server.EndAsync(done)).State);
            // Jobs that end and begin meanwhile: checkpoints, publishing, deleting.
            var jobs = new List<string> { await server.SubmitAsync(dataset, steps: 40), await server.SubmitAsync(dataset, steps: 100_000) };
            await server.ReachAsync(jobs[0], step: 1);
            for (var cut = 0; cut < Cuts; cut++)
            {
                await Task.Delay(random.Next(1500), TestContext.Current.CancellationToken);
                var mark = (await server.Datasets.UploadAsync($"set {cut}", Uploads.TwoColours(10 + cut))).Dataset.Name;
                cuts.Add(await CutAsync(server, workspace, Path.Combine(_folder.Path, $"cut-{cut}"), mark));
            }
        }

        foreach (var (folder, dataset, lost) in cuts)
        {
            var report = WorkspaceInspection.Run(folder, new InspectionOptions(), TestContext.Current.CancellationToken);
            Assert.True(report.IsConsistent, $"Seed {seed}, {folder}: {string.Join("\n", report.Findings)}\nLost:\n{lost}");
            using var opened = Workspace.Open(folder, TimeProvider.System);
            // What the server said was stored, is.
            Assert.NotNull(opened.Datasets.Find(dataset["datasets/".Length..]));
            Assert.NotNull(opened.Models.FindVersion(new ModelVersionId("colours", 1)));
            Assert.Equal(3, opened.Jobs.List(0, null).Items.Count);
        }
        // Whether one of them lost anything is chance; that they would have, is not.
        Assert.True(PowerLoss.CanSee(_folder.Path), "The kernel does not tell any more what is not on the disk: the cuts show nothing.");

        await using var next = await TrainingServer.StartAsync(cuts[^1].Folder, _folder.Path);
        var resumed = await next.FineTuning.ListFineTuneJobsAsync(new Protocol.V1.ListFineTuneJobsRequest(), cancellationToken: TestContext.Current.CancellationToken);
        var waiting = resumed.Jobs.First(job => !job.Done).Name;
        await Eventually.HoldsAsync(async () => await next.GetAsync(waiting) is { State: JobState.Running, Progress.Step: > 0 }, () => next.Log, TrainingServer.Patience);
    }

    private static async Task<Cut> CutAsync(TrainingServer server, string workspace, string target, string mark)
    {
        int[] processes = [server.Process.ProcessId, server.TrainerId()];
        await SignalAsync("STOP", processes);
        try
        {
            // The signal is sent; a thread in the middle of a call goes on to its end.
            await Eventually.HoldsAsync(() => Task.FromResult(processes.All(IsStandingStill)));
            return new Cut(target, mark, PowerLoss.Copy(workspace, target));
        }
        finally
        {
            await SignalAsync("CONT", processes);
        }
    }

    private static bool IsStandingStill(int process) => Directory.GetDirectories($"/proc/{process}/task").All(thread =>
        File.ReadAllText(Path.Combine(thread, "stat")) is var stat && stat[stat.LastIndexOf(')') + 2] == 'T');

    private static async Task SignalAsync(string signal, int[] processes)
    {
        using var kill = Process.Start("kill", [$"-{signal}", .. processes.Select(id => $"{id}")]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private sealed record Cut(string Folder, string Dataset, string Lost);
}
