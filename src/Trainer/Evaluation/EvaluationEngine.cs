using BiT.Core.Runtime;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BiT.Training.Evaluation;

/// <summary>Runs the evaluation graph on the parameters of a training engine.</summary>
public sealed class EvaluationEngine : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly OrtValue _images;
    private readonly OrtValue _labels;
    private readonly IReadOnlyList<string> _names;

    /// <param name="evaluationModelPath">A graph of <see cref="Networks.TrainingGraphs.Evaluation"/>.</param>
    /// <param name="options">Provider and threads.</param>
    public EvaluationEngine(string evaluationModelPath, RuntimeOptions options)
    {
        _session = SessionFactory.Open(evaluationModelPath, options);
        var shape = _session.InputMetadata["images"].Dimensions;
        BatchSize = shape[0];
        ImageSize = shape[2];
        _images = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [.. shape.Select(size => (long)size)]);
        _images.GetTensorMutableDataAsSpan<float>().Clear();
        _labels = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Int64, [BatchSize]);
        _labels.GetTensorMutableDataAsSpan<long>().Clear();
        _names = [.. _session.InputNames.Where(name => name is not ("images" or "labels"))];
    }

    /// <summary>Images per run.</summary>
    public int BatchSize { get; }

    /// <summary>Side of the square images, in pixels.</summary>
    public int ImageSize { get; }

    /// <summary>Where the next batch's images are written: [B,3,S,S] in [-1,1]. Valid until disposal.</summary>
    public Span<float> Images => _images.GetTensorMutableDataAsSpan<float>();

    /// <summary>Where the next batch's class indices are written.</summary>
    public Span<long> Labels => _labels.GetTensorMutableDataAsSpan<long>();

    /// <summary>Runs the batch.</summary>
    /// <param name="parameters">The parameters in graph order; read only.</param>
    public EvaluationOutput Run(IReadOnlyList<OrtValue> parameters)
    {
        using var results = _session.Run(_runOptions, ["images", "labels", .. _names], [_images, _labels, .. parameters], ["loss", "logits", "pre_logits"]);
        return new EvaluationOutput(
            results[0].GetTensorDataAsSpan<float>()[0], results[1].GetTensorDataAsSpan<float>().ToArray(), results[2].GetTensorDataAsSpan<float>().ToArray());
    }

    public void Dispose()
    {
        _images.Dispose();
        _labels.Dispose();
        _runOptions.Dispose();
        _session.Dispose();
    }
}

/// <summary>The outputs of one evaluation batch.</summary>
/// <param name="Loss">Mean cross-entropy of the whole batch, filling included.</param>
/// <param name="Logits">[B,K] row-major.</param>
/// <param name="PreLogits">[B,F] row-major.</param>
public sealed record EvaluationOutput(float Loss, float[] Logits, float[] PreLogits);
