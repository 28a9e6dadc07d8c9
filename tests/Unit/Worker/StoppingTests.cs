using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Artifacts;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Worker;

/// <summary>The phases around training stop within one photo or batch, and leave nothing half-made behind.</summary>
public sealed class StoppingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;
    private readonly CancellationTokenSource _stop = new();

    public StoppingTests() => _workspace = Workspace.Open(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _stop.Dispose();
        _workspace.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void PreparingPhotos_StopsBehindThePhotoInWork()
    {
        var dataset = TinyDataset.Save(_workspace, trainPerClass: 10, validationPerClass: 1);
        var seen = 0;

        Assert.ThrowsAny<OperationCanceledException>(() => PhotoPixels.Prepare(_workspace, dataset, Split.Train, 32, 1, done =>
        {
            seen = done;
            if (done == 3)
                _stop.Cancel();
        }, _stop.Token));

        Assert.Equal(3, seen);
        using var whole = PhotoPixels.Prepare(_workspace, dataset, Split.Train, 32, 1, _ => { }, CancellationToken.None);
        Assert.Equal(30, whole.Count);
    }

    [Fact]
    public void ComputingFeatures_StopsBehindTheBatchInWork()
    {
        var dataset = TinyDataset.Save(_workspace, trainPerClass: 10, validationPerClass: 1);
        using var photos = PhotoPixels.Prepare(_workspace, dataset, Split.Train, 32, 1, _ => { }, CancellationToken.None);
        var backbone = StoreBackbone();
        var seen = 0;

        Assert.ThrowsAny<OperationCanceledException>(() => PhotoFeatures.Compute(
            Path.Combine(_workspace.CacheFolder, "features"), photos,
            () => InferenceModel.Open(_workspace.Blobs.PathOf(backbone), new RuntimeOptions()), BitNetwork.ByName("bit-tiny").FeatureCount, 4, done =>
            {
                seen = done;
                _stop.Cancel();
            }, _stop.Token));

        Assert.Equal(4, seen);
        Assert.False(File.Exists(Path.Combine(_workspace.CacheFolder, "features")));
    }

    [Fact]
    public void MeasuringAServedVersion_StopsBeforeTheNextBatch()
    {
        var dataset = TinyDataset.Save(_workspace, trainPerClass: 4, validationPerClass: 4);
        using var photos = PhotoPixels.Prepare(_workspace, dataset, Split.Validation, 32, 1, _ => { }, CancellationToken.None);
        var weights = Initializers.Create(BitNetwork.ByName("bit-tiny"), 3, seed: 1);
        var graph = new Publisher(_workspace).StoreInferenceGraph(weights, 32, dataset.Labels);
        var manifest = new ModelManifest
        {
            Method = "full", Network = "bit-tiny", Labels = dataset.Labels, InputSize = 32, InferenceGraph = graph.Model, Weights = "",
        };
        using var version = ServedVersion.Open(_workspace.Blobs, manifest, new RuntimeOptions(), _ => { });
        _stop.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => version.CountCorrect(photos, dataset.Labels, dataset.Labels, _stop.Token));
        // A head of zeros answers with the first class.
        Assert.Equal(4, version.CountCorrect(photos, dataset.Labels, dataset.Labels, CancellationToken.None));
        Assert.Equal(0, version.CountCorrect(photos, ["azure", "green", "red"], dataset.Labels, CancellationToken.None));
    }

    [Fact]
    public void MeasuringSpeed_StopsBeforeTheNextRun()
    {
        var measurement = new SpeedMeasurement(Initializers.Create(BitNetwork.ByName("bit-tiny"), 3, seed: 0),
            new ArtifactCache(_workspace.ArtifactFolder), new RuntimeOptions(), _stop.Token);
        _stop.Cancel();

        Assert.Throws<OperationCanceledException>(() => measurement.SecondsPerImage("full", 32, 1));
    }

    private string StoreBackbone() => new Publisher(_workspace).StoreInferenceGraph(
        Initializers.Create(BitNetwork.ByName("bit-tiny"), 3, seed: 1).WithoutHead(), 32, labels: null).Model;
}
