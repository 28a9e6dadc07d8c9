using System.Text;
using BiT.Core.Imaging;
using BiT.Core.Reports;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Networks;
using BiT.Training.Publishing;
using BiT.Training.Weights;
using BiT.Training.Worker;
using BiT.Training.Worker.Tasks;

namespace BiT.Tests.Unit.Worker.Tasks;

public sealed class EvaluateTaskTests : IDisposable
{
    private const int Side = 32;

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;

    public EvaluateTaskTests() => _workspace = Workspace.Open(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _workspace.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(Split.Unspecified, 24)]
    [InlineData(Split.Train, 15)]
    [InlineData(Split.Validation, 9)]
    public void Run_OnASplit_EqualsThePhotosOneByOne(Split split, int expected)
    {
        var dataset = TinyDataset.Save(_workspace, trainPerClass: 5, validationPerClass: 3);
        // Classes in another order than the data set's, and one that it does not have.
        string[] labels = ["red", "yellow", "green", "blue"];
        var version = Import(labels);

        var evaluation = Evaluate(version, dataset, split).Evaluation;

        Assert.NotNull(evaluation);
        Assert.Equal((expected, 0), (evaluation.PhotoCount, evaluation.Classes[1].PhotoCount));
        Assert.Equal(labels, evaluation.Classes.Select(item => item.Label));
        var reference = new EvaluationBuilder(labels);
        using var model = StoredGraph.Open(_workspace.Blobs, version.Manifest.Graph, new RuntimeOptions(), _ => { });
        foreach (var photo in dataset.Photos.Where(photo => split == Split.Unspecified || photo.Split == split))
        {
            var pixels = new byte[Side * Side * 3];
            SquareTransform.Resize(_workspace.Blobs.ReadAllBytes(photo.Blob), new ImageLimits(), Side, Side, pixels);
            reference.Add(photo.FileName, photo.Blob, model.Run(pixels, 1).Logits, Array.IndexOf(labels, photo.Label));
        }
        var alone = reference.Build();
        Assert.Equal(alone.Confusion, evaluation.Confusion);
        // A batch's sums may round otherwise than a single photo's.
        Assert.Equal(alone.Loss, evaluation.Loss, 1e-4);
        Assert.Equal(alone.HighestLosses.Select(photo => photo.Photo).Order(), evaluation.HighestLosses.Select(photo => photo.Photo).Order());
    }

    [Fact]
    public void Run_ClassesThatTheModelDoesNotKnow_AreNamed()
    {
        var problem = Fails(Import("red", "yellow"), TinyDataset.Save(_workspace, 2, 1));

        Assert.Equal("LABEL_MISMATCH", problem.Reason);
        Assert.Contains("2 of the data set's 3 classes: 'blue', 'green'.", problem.Message);
    }

    [Fact]
    public void Run_ClassThatTheModelHasTwice_IsRefused() =>
        Assert.Contains("'red'", Fails(Import("red", "green", "red", "blue"), TinyDataset.Save(_workspace, 2, 1)).Message);

    [Fact]
    public void Run_SplitWithoutPhotos_IsRefused() =>
        Assert.Equal("NO_PHOTOS", Fails(Import("red", "green", "blue"), TinyDataset.Save(_workspace, 2, 0), Split.Validation).Reason);

    [Fact]
    public void Run_GraphThatCannotBeLoaded_IsRefused()
    {
        var dataset = TinyDataset.Save(_workspace, 2, 1);
        var version = Import("red", "green", "blue");
        var broken = _workspace.Models.Import("broken", version.Manifest with
        {
            InferenceGraph = _workspace.Blobs.Put(new MemoryStream("no graph"u8.ToArray()), TestContext.Current.CancellationToken),
        });

        Assert.Equal("MODEL_NOT_LOADABLE", Fails(broken, dataset).Reason);
    }

    private VersionReport Evaluate(ModelVersionRecord version, DatasetRecord dataset, Split split)
    {
        var task = new EvaluateTask(_workspace, new TrainerOptions { WorkerId = "worker" }, TextWriter.Null);
        var request = StoreJson.WriteTask(new EvaluateRequest { Version = version.Id, DatasetId = dataset.Id, Split = split });
        var outcome = task.Run(request, new TaskContext(TestContext.Current.CancellationToken, () => false));
        return ReportJson.Read(Encoding.UTF8.GetBytes(Assert.IsType<TaskOutcome.Result>(outcome).Json));
    }

    private EvaluationException Fails(ModelVersionRecord version, DatasetRecord dataset, Split split = Split.Unspecified) =>
        Assert.Throws<EvaluationException>(() => Evaluate(version, dataset, split));

    // A head that is not 0, or every class would be as probable as any other.
    private ModelVersionRecord Import(params string[] labels)
    {
        var network = BitNetwork.ByName("bit-tiny");
        var random = new Random(5);
        var backbone = Initializers.Create(network, labels.Length, seed: 3).WithoutHead();
        var weights = backbone.WithHead(
            labels.Length, [.. Enumerable.Range(0, labels.Length * network.FeatureCount).Select(_ => (float)(random.NextDouble() - 0.5))], new float[labels.Length]);
        var publisher = new Publisher(_workspace);
        return _workspace.Models.Import("squares", new ModelManifest
        {
            Method = "full", Network = network.Name, Labels = labels, InputSize = Side,
            InferenceGraph = publisher.StoreInferenceGraph(weights, Side, labels).Model, Weights = publisher.StoreWeights(weights),
        });
    }
}
