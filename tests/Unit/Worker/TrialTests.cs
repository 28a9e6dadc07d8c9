using BiT.Core.Store;
using BiT.Graphs;
using BiT.Training.Artifacts;
using BiT.Training.Datasets;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Worker;
using BiT.Training.Worker.Tasks;
using Microsoft.ML.OnnxRuntime;
using SkiaSharp;

namespace BiT.Tests.Unit.Worker;

/// <summary>Previews and estimates of jobs that are not run.</summary>
public sealed class TrialTests : IDisposable
{
    private static readonly FineTuneOverrides Mixed = new()
    {
        Steps = 4, BatchSize = 12, MicroBatchSize = 6, Crop = 32, Resize = 36, EvaluationInterval = 4, WarmupSteps = 0, LearningRate = 0.01,
        MixupAlpha = 0.5, Seed = 7,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;

    public TrialTests() => _workspace = Workspace.Open(_folder.Path, TimeProvider.System);

    public void Dispose()
    {
        _workspace.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Preview_OfAFullJob_ShowsWhatTheLoopIsFedPixelByPixel()
    {
        var dataset = Dataset();
        var preview = Preview(Spec(dataset, "full", "scratch", Mixed));
        var plan = TrainingPlan.FromJson(preview.PlanJson);
        // What JobRun gives to the loop: the prepared photos behind the stream.
        using var prepared = PhotoPixels.Prepare(_workspace, dataset, Split.Train, plan.Resize, 1, _ => { }, CancellationToken.None);
        var fed = new AugmentedPhotos(prepared, plan);

        Assert.Equal([0L, 1L], preview.Batches.Select(batch => batch.Step));
        foreach (var batch in preview.Batches)
        {
            Assert.Equal((12, 12), (batch.PhotoCount, batch.Photos.Count));
            for (var index = 0; index < plan.MicroBatchesPerStep; index++)
            {
                var micro = fed.Read(batch.Step, index);
                var mixed = MixByGraph(micro, plan);
                Assert.Equal(micro.Lambda, batch.Lambda);
                for (var item = 0; item < micro.Labels.Length; item++)
                {
                    var photo = batch.Photos[index * plan.MicroBatchSize + item];
                    Assert.Equal(plan.Labels[(int)micro.Labels[item]], photo.Label);
                    Assert.Equal(plan.Labels[(int)micro.Labels[micro.Permutation[item]]], photo.PartnerLabel);
                    // Decoded bytes, converted as training converts, are the very floats.
                    Assert.Equal(Slice(micro.Inputs, item, plan.Crop), Planes(photo.Png, plan.Crop));
                    Assert.Equal(PixelConversion.ToBytes(Slice(mixed, item, plan.Crop), plan.Crop), Pixels(photo.MixedPng!));
                }
            }
        }
    }

    [Fact]
    public void Preview_OfAHeadJob_ShowsThePhotosOfItsStreamUnmixed()
    {
        var dataset = Dataset();
        var preview = Preview(Spec(dataset, "head", "lite", Mixed));
        var plan = TrainingPlan.FromJson(preview.PlanJson);
        using var prepared = PhotoPixels.Prepare(_workspace, dataset, Split.Train, plan.Crop, 1, _ => { }, CancellationToken.None);
        var order = new SampleOrder(plan.Seed, prepared.Count, plan.SampleWithReplacement);
        var expected = new byte[prepared.PhotoBytes];

        var batch = preview.Batches[1];
        for (var item = 0; item < batch.Photos.Count; item++)
        {
            var photo = order.At(batch.Step * plan.BatchSize + item);
            prepared.Read(photo, expected);
            Assert.Equal(plan.Labels[prepared.Labels[photo]], batch.Photos[item].Label);
            Assert.Equal(expected, Pixels(batch.Photos[item].Png));
            Assert.Null(batch.Photos[item].MixedPng);
        }
    }

    [Fact]
    public void Estimate_OfAJob_ResolvesThePlanAndMeasuresIt()
    {
        var dataset = Dataset();
        var first = Estimate(Spec(dataset, "full", "scratch", Mixed), isBusy: false);
        var longer = Estimate(Spec(dataset, "full", "scratch", Mixed with { Steps = 4000 }), isBusy: true);

        Assert.Equal(4, TrainingPlan.FromJson(first.PlanJson).Steps);
        Assert.True(first.ImagesPerSecond > 0 && first.PeakMemoryBytes > 0);
        Assert.True(longer.Duration > first.Duration, $"{longer.Duration} {first.Duration}");
        Assert.Equal((false, true), (first.IsMeasuredWhileBusy, longer.IsMeasuredWhileBusy));
        // 24 photos of 36 x 36, 6 of 32 x 32, and the weights of a version and of two checkpoints.
        var weights = 4L * NetworkParameters.List(BitNetwork.ByName("bit-tiny"), 3).Sum(parameter => (long)parameter.ElementCount);
        Assert.Equal(24 * 36 * 36 * 3 + 6 * 32 * 32 * 3 + 8 * weights, first.DiskBytes);
        Assert.Null(_workspace.Models.Find("squares"));
    }

    [Fact]
    public void Estimate_OfAJobThatTrainsTheHeadFirst_CountsItsPhotosFeaturesAndGraph()
    {
        var dataset = Dataset();
        var alone = Estimate(Spec(dataset, "full", "lite", Mixed), isBusy: false);
        var behind = Estimate(Spec(dataset, "full", "lite", Mixed with { HeadSteps = 50 }), isBusy: false);

        var network = BitNetwork.ByName("bit-tiny");
        var weights = 4L * NetworkParameters.List(network, 3).Sum(parameter => (long)parameter.ElementCount);
        // 24 photos of 32 x 32, features of 24 and 6, and the backbone's graph.
        Assert.Equal(24 * 32 * 32 * 3 + 30 * 4 * network.FeatureCount + weights, behind.DiskBytes - alone.DiskBytes);
    }

    [Fact]
    public void Estimate_OfAJobWhoseHeadCompetesAtALargerCrop_CountsItsPhotosFeaturesAndGraph()
    {
        var dataset = Dataset();
        var artifacts = new ArtifactCache(_workspace.ArtifactFolder);
        var planner = new JobPlanner(_workspace, artifacts, Options, TestContext.Current.CancellationToken);
        var tuned = planner.Resolve(Spec(dataset, "full", "lite", Mixed with { HeadSteps = 50 }), dataset);
        var head = tuned.HeadFirst ?? throw new InvalidOperationException("There is no head.");
        var (alone, competing) = (Measure(tuned), Measure(tuned with { HeadCandidate = head with { Crop = 64 } }));

        var network = BitNetwork.ByName("bit-tiny");
        var weights = 4L * NetworkParameters.List(network, 3).Sum(parameter => (long)parameter.ElementCount);
        Assert.Equal(30 * (64 * 64 * 3 + 4 * network.FeatureCount) + weights, competing.DiskBytes - alone.DiskBytes);

        JobCost Measure(TrainingPlan plan) =>
            new JobMeasurement(_workspace, artifacts, Options, TestContext.Current.CancellationToken).Measure(plan, dataset, planner.InitialWeights(plan));
    }

    [Fact]
    public void Trials_OfAPlanThatContradictsItself_FailWithThePlansReasons()
    {
        var spec = Spec(Dataset(), "full", "scratch", Mixed with { BatchSize = 12, MicroBatchSize = 5 });

        Assert.Equal("INVALID_PLAN", JobErrors.Of(Assert.ThrowsAny<Exception>(() => Preview(spec))).Reason);
        Assert.Equal("INVALID_PLAN", JobErrors.Of(Assert.ThrowsAny<Exception>(() => Estimate(spec, isBusy: false))).Reason);
        Assert.Equal("NOT_FOUND", JobErrors.Of(Assert.ThrowsAny<Exception>(() => Preview(spec with { DatasetId = new string('0', 64) }))).Reason);
    }

    // The graph's own mixing, run by ONNX Runtime.
    private float[] MixByGraph(MicroBatch batch, TrainingPlan plan)
    {
        var builder = new GraphBuilder("mix");
        var shape = Shape.Of(plan.MicroBatchSize, 3, plan.Crop, plan.Crop);
        builder.Output("mixed", Classifier.Mix(
            builder, builder.Input("images", ElementType.Float32, shape),
            builder.Input("permutation", ElementType.Int64, Shape.Of(plan.MicroBatchSize)), builder.Input("lambda", ElementType.Float32, Shape.Of(1))));
        using var session = new InferenceSession(new ArtifactCache(_workspace.ArtifactFolder).GetOrWrite(builder.Build()));
        using var images = OrtValue.CreateTensorValueFromMemory(batch.Inputs, [plan.MicroBatchSize, 3, plan.Crop, plan.Crop]);
        using var permutation = OrtValue.CreateTensorValueFromMemory(batch.Permutation, [plan.MicroBatchSize]);
        using var lambda = OrtValue.CreateTensorValueFromMemory([batch.Lambda], [1]);
        using var options = new RunOptions();
        using var results = session.Run(options, ["images", "permutation", "lambda"], [images, permutation, lambda], ["mixed"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private PreviewResult Preview(FineTuneSpec spec) => StoreJson.ReadTask<PreviewResult>(Run(
        new PreviewHandler(_workspace, Options), StoreJson.WriteTask(new PreviewRequest(spec, 2)), isBusy: false));

    private EstimateResult Estimate(FineTuneSpec spec, bool isBusy) => StoreJson.ReadTask<EstimateResult>(Run(
        new EstimateHandler(_workspace, Options), StoreJson.WriteTask(new EstimateRequest(spec)), isBusy));

    private static string Run(TaskHandler handler, string request, bool isBusy) => Assert.IsType<TaskOutcome.Result>(
        handler.Run(request, new TaskContext(TestContext.Current.CancellationToken, () => isBusy))).Json;

    private static TrainerOptions Options => new() { WorkerId = "worker", MemoryBytes = 4L << 30 };

    private DatasetRecord Dataset() => TinyDataset.Save(_workspace, trainPerClass: 8, validationPerClass: 2);

    private static FineTuneSpec Spec(DatasetRecord dataset, string method, string recipe, FineTuneOverrides overrides) => new()
    {
        DatasetId = dataset.Id, ModelId = "squares", Network = "bit-tiny", Method = method, Recipe = recipe, Overrides = overrides,
    };

    private static float[] Slice(float[] images, int item, int side) => images.AsSpan(item * 3 * side * side, 3 * side * side).ToArray();

    private static float[] Planes(byte[] png, int side)
    {
        var planes = new float[3 * side * side];
        PixelConversion.ToPlanes(Pixels(png), side, CropWindow.Whole(side), planes);
        return planes;
    }

    private static byte[] Pixels(byte[] png)
    {
        using var bitmap = SKBitmap.Decode(png);
        return [.. bitmap.Pixels.SelectMany(pixel => (byte[])[pixel.Red, pixel.Green, pixel.Blue])];
    }
}
