using System.Runtime.InteropServices;
using BiT.Core.Classification;
using BiT.Training.Checkpoints;
using BiT.Training.Datasets;
using BiT.Training.Networks;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Training.Evaluation;

/// <summary>Applies a head to features that were computed once, with the code that serves heads.</summary>
/// <param name="features">One record per photo.</param>
/// <param name="labels">A class index per photo.</param>
/// <param name="scale">What the head's own features are standardised by; null if they are these.</param>
internal sealed class FeatureEvaluator(RecordFile features, IReadOnlyList<int> labels, FeatureScale? scale) : IEvaluator
{
    public EvaluationPoint Evaluate(long step, IReadOnlyList<OrtValue> parameters, CancellationToken cancellation)
    {
        var head = HeadOf(parameters[0].GetTensorDataAsSpan<float>(), parameters[1].GetTensorDataAsSpan<float>());
        var preLogits = new float[head.FeatureCount];
        var logits = new float[head.ClassCount];
        var score = new Score();
        for (var index = 0; index < features.Count; index++)
        {
            cancellation.ThrowIfCancellationRequested();
            features.Read(index, MemoryMarshal.AsBytes(preLogits.AsSpan()));
            head.Apply(preLogits, logits);
            score.Add(logits, labels[index]);
        }
        return score.At(step);
    }

    private LinearHead HeadOf(ReadOnlySpan<float> kernel, ReadOnlySpan<float> bias)
    {
        var (folded, foldedBias) = scale is null ? (null, bias.ToArray()) : scale.Fold(kernel, bias);
        return new LinearHead(HeadLayout.ToNpz(folded is null ? kernel : folded, bias.Length), foldedBias, features.RecordBytes / sizeof(float));
    }
}

/// <summary>The two layouts of a head kernel.</summary>
internal static class HeadLayout
{
    /// <summary>[K,F], the graphs' layout, to [F,K], the npz files' and the server's.</summary>
    public static float[] ToNpz(ReadOnlySpan<float> kernel, int classCount)
    {
        var featureCount = kernel.Length / classCount;
        var result = new float[kernel.Length];
        for (var k = 0; k < classCount; k++)
        {
            for (var f = 0; f < featureCount; f++)
                result[f * classCount + k] = kernel[k * featureCount + f];
        }
        return result;
    }
}
