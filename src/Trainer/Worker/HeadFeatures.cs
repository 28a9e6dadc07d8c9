using System.Runtime.InteropServices;
using BiT.Core.Classification;
using BiT.Core.Store;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using BiT.Training.Networks;
using BiT.Training.Planning;
using BiT.Training.Publishing;

namespace BiT.Training.Worker;

/// <summary>The features of a data set that a head is trained and evaluated on.</summary>
internal sealed class HeadFeatures : IDisposable
{
    private readonly Stack<IDisposable> _open = [];
    private readonly RecordFile _training;
    private readonly IReadOnlyList<int> _trainingLabels;

    /// <summary>Computes the features, or opens those of an earlier run.</summary>
    /// <param name="photos">The data set's photos.</param>
    /// <param name="backbone">The backbone's graph for inference, in the store.</param>
    /// <param name="plan">Network, classes and crop.</param>
    /// <param name="reporter">Is told the phases, and asks for a stop.</param>
    public HeadFeatures(JobPhotos photos, GraphBlobs backbone, TrainingPlan plan, JobReporter reporter)
    {
        Backbone = backbone;
        try
        {
            var training = Opened(photos.Pixels(Split.Train, plan.Crop));
            var validation = Opened(photos.Pixels(Split.Validation, plan.Crop));
            _training = Opened(photos.Features(Split.Train, training, backbone, plan));
            _trainingLabels = training.Labels;
            Validation = Opened(photos.Features(Split.Validation, validation, backbone, plan));
            Scale = plan.StandardizationFloor is { } floor ? ScaleOf(_training, floor, reporter) : null;
            Evaluator = Validation.Count > 0 ? new FeatureEvaluator(Validation, validation.Labels, Scale) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What they were computed by.</summary>
    public GraphBlobs Backbone { get; }

    public RecordFile Validation { get; }

    /// <summary>By what the head's features are standardised; null if the plan leaves them as they are.</summary>
    public FeatureScale? Scale { get; }

    /// <summary>Null without validation photos.</summary>
    public IEvaluator? Evaluator { get; }

    public ITrainingStream Stream(TrainingPlan plan) => new StoredFeatures(_training, _trainingLabels, plan, Scale);

    public void Dispose()
    {
        while (_open.TryPop(out var file))
            file.Dispose();
    }

    private static FeatureScale ScaleOf(RecordFile features, double floor, JobReporter reporter)
    {
        reporter.Phase("standardising features");
        return FeatureScale.Of(features.Count, features.RecordBytes / sizeof(float), floor, (index, record) =>
        {
            reporter.Stop.ThrowIfCancellationRequested();
            features.Read(index, MemoryMarshal.AsBytes(record.AsSpan()));
        });
    }

    private T Opened<T>(T file)
        where T : IDisposable
    {
        _open.Push(file);
        return file;
    }
}
