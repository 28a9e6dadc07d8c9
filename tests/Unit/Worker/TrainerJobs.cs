using BiT.Core.Classification;
using BiT.Core.Imaging;
using BiT.Core.Reports;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Core.Weights;
using BiT.Tests.Unit.Store;
using BiT.Training.Planning;
using BiT.Training.Worker;

namespace BiT.Tests.Unit.Worker;

/// <summary>Whole jobs on a real store, with the smallest network that trains in seconds.</summary>
public abstract class TrainerJobs : IDisposable
{
    protected static readonly FineTuneOverrides Short = new()
    {
        Steps = 30, BatchSize = 12, MicroBatchSize = 6, Crop = 32, Resize = 36, LearningRate = 0.01, EvaluationInterval = 10, WarmupSteps = 5, Seed = 7,
    };

    // A rate that changes no weight: in float32 it is 0.
    protected const double Nothing = 1e-60;

    private readonly TemporaryFolder _folder = new();

    protected TrainerJobs() => Store = Workspace.Open(_folder.Path, TimeProvider.System);

    protected Workspace Store { get; }

    protected string Root => _folder.Path;

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }

    protected FineTuneSpec Spec(string method, string recipe, FineTuneOverrides overrides) => new()
    {
        DatasetId = Dataset().Id, ModelId = "squares", Network = "bit-tiny", Method = method, Recipe = recipe, Overrides = overrides,
    };

    protected TrainingPlan PlanOf(JobRecord job) => TrainingPlan.FromJson(Version(job).Manifest.Lineage["plan"]);

    protected static HeadPhase Phase(TrainingPlan plan) =>
        new(plan.BatchSize, plan.MicroBatchSize, plan.Schedule) { Crop = plan.Crop, StandardizationFloor = plan.StandardizationFloor };

    // A job by a plan that no recipe makes.
    protected string Submit(TrainingPlan plan)
    {
        var job = Store.Jobs.Submit(Spec("full", "lite", Short), null).Id;
        using var database = TestWorkspace.OpenDatabase(_folder.Path);
        using var command = database.CreateCommand();
        command.CommandText = "UPDATE jobs SET plan = $plan WHERE id = $job";
        command.Parameters.AddWithValue("$plan", plan.ToJson());
        command.Parameters.AddWithValue("$job", job);
        Assert.Equal(1, command.ExecuteNonQuery());
        return job;
    }

    protected async Task<JobRecord> RunAsync(TrainingPlan plan)
    {
        var job = Submit(plan);
        await RunUntilAsync(job, current => current.IsDone);
        return Job(job);
    }

    // Kernel and bias.
    protected float[] HeadOf(string? blob)
    {
        var arrays = NpzFile.Read(Store.Blobs.PathOf(blob ?? throw new InvalidOperationException("There is no head.")));
        return [.. arrays[LinearHead.KernelName].Values, .. arrays[LinearHead.BiasName].Values];
    }

    protected DatasetRecord Dataset() => TinyDataset.Save(Store, trainPerClass: 8, validationPerClass: 4);

    protected async Task<JobRecord> RunAsync(FineTuneSpec spec, long? externalDataThreshold = null)
    {
        var job = Store.Jobs.Submit(spec, null);
        await RunUntilAsync([job.Id], current => current.IsDone, "worker", externalDataThreshold: externalDataThreshold);
        return Job(job.Id);
    }

    protected Task RunUntilAsync(string jobId, Func<JobRecord, bool> isEnough) => RunUntilAsync([jobId], isEnough, "worker");

    // Runs a worker until every job is far enough, then shuts it down; the worker hands back what it has in work.
    protected async Task RunUntilAsync(IReadOnlyList<string> jobIds, Func<JobRecord, bool> isEnough, string workerId, TimeSpan? checkpointInterval = null, long? externalDataThreshold = null)
    {
        using var shutdown = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var workspace = Workspace.Open(_folder.Path, TimeProvider.System);
        var options = new TrainerOptions { WorkerId = workerId, PollInterval = TimeSpan.FromMilliseconds(20), CheckpointInterval = checkpointInterval ?? TimeSpan.FromSeconds(30) };
        options = externalDataThreshold is { } threshold ? options with { ExternalDataThreshold = threshold } : options;
        var worker = Task.Run(() => new TrainerWorker(workspace, options, TimeProvider.System, TextWriter.Null).RunAsync(shutdown.Token), shutdown.Token);
        while (!jobIds.All(id => isEnough(Job(id))))
            await Task.Delay(20, shutdown.Token);
        await shutdown.CancelAsync();
        await worker;
    }

    protected InferenceModel Open(ModelManifest manifest) => StoredGraph.Open(Store.Blobs, manifest.Graph, new RuntimeOptions(), _ => { });

    protected JobRecord Job(string id) => Store.Jobs.Find(id) ?? throw new InvalidOperationException($"Job {id} is gone.");

    protected ModelVersionRecord Version(JobRecord job) =>
        job.Result is { } id && Store.Models.FindVersion(id) is { } version ? version : throw new InvalidOperationException($"Job {job.Id} has no version.");

    protected VersionReport Report(ModelManifest manifest) =>
        ReportJson.Load(Store.Blobs, manifest) ?? throw new InvalidOperationException("The version has no report.");

    protected byte[] Pixels(Photo photo, int side)
    {
        var pixels = new byte[side * side * 3];
        SquareTransform.Resize(Store.Blobs.ReadAllBytes(photo.Blob), new ImageLimits(), side, side, pixels);
        return pixels;
    }

    protected static int ArgMax(float[] values) => Array.IndexOf(values, values.Max());
}
