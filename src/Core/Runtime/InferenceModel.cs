using Microsoft.ML.OnnxRuntime;

namespace BiT.Core.Runtime;

/// <summary>An opened infer.onnx: uint8 images in, logits and pre-logits out.</summary>
/// <remarks>Run may be called from several threads at once. The creator disposes it after the last Run has returned.</remarks>
public sealed class InferenceModel : IDisposable
{
    private readonly InferenceSession _session;
    private readonly bool _hasLogits;

    private InferenceModel(InferenceSession session, int inputHeight, int inputWidth, int featureCount, int classCount)
    {
        _session = session;
        _hasLogits = classCount > 0;
        InputHeight = inputHeight;
        InputWidth = inputWidth;
        FeatureCount = featureCount;
        ClassCount = classCount;
    }

    /// <summary>Height of an input image in pixels.</summary>
    public int InputHeight { get; }

    /// <summary>Width of an input image in pixels.</summary>
    public int InputWidth { get; }

    /// <summary>Length of a pre-logits vector.</summary>
    public int FeatureCount { get; }

    /// <summary>Length of a logits vector; 0 for a backbone without a head.</summary>
    public int ClassCount { get; }

    /// <summary>metadata_props of the file: labels, preprocessing, lineage.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    /// <summary>Opens an infer.onnx and checks its inputs and outputs.</summary>
    /// <exception cref="InvalidDataException">The file is an ONNX model, but not an inference graph of this project.</exception>
    public static InferenceModel Open(string path, RuntimeOptions options, Action<string>? log = null)
    {
        var session = SessionFactory.Open(path, options, log);
        try
        {
            var image = session.InputMetadata.GetValueOrDefault("images");
            var features = session.OutputMetadata.GetValueOrDefault("pre_logits");
            var logits = session.OutputMetadata.GetValueOrDefault("logits");
            if (image is not { ElementType: var type, Dimensions: [_, > 0, > 0, 3] } || type != typeof(byte) || features is not { Dimensions: [_, > 0] })
            {
                throw new InvalidDataException($"{path} is not an inference graph of BiT: expected input images uint8 [N,H,W,3] and output pre_logits "
                    + $"float32 [N,F]; it has inputs {string.Join(", ", session.InputMetadata.Keys)} and outputs {string.Join(", ", session.OutputMetadata.Keys)}.");
            }
            return new InferenceModel(session, image.Dimensions[1], image.Dimensions[2], features.Dimensions[1], logits?.Dimensions[1] ?? 0);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Runs a batch.</summary>
    /// <param name="images">RGB bytes, [count, height, width, 3] row-major, at least that long; must not change until the call returns.</param>
    /// <param name="count">Images in the batch, at least 1.</param>
    public InferenceOutput Run(Memory<byte> images, int count)
    {
        var length = checked(count * InputHeight * InputWidth * 3);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(images.Length, length, nameof(images));
        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images[..length], [count, InputHeight, InputWidth, 3]);
        using var runOptions = new RunOptions();
        string[] outputs = _hasLogits ? ["pre_logits", "logits"] : ["pre_logits"];
        using var results = _session.Run(runOptions, ["images"], [input], outputs);
        return new InferenceOutput(
            results[0].GetTensorDataAsSpan<float>().ToArray(),
            _hasLogits ? results[1].GetTensorDataAsSpan<float>().ToArray() : []);
    }

    public void Dispose() => _session.Dispose();
}

/// <summary>The outputs of one batch.</summary>
/// <param name="PreLogits">[count, FeatureCount] row-major.</param>
/// <param name="Logits">[count, ClassCount] row-major; empty for a backbone without a head.</param>
public sealed record InferenceOutput(float[] PreLogits, float[] Logits);
