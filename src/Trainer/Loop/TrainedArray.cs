using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BiT.Training.Loop;

/// <summary>A trained array in native memory, zeros at first: a parameter, its momentum or its gradient.</summary>
internal sealed class TrainedArray : IDisposable
{
    public TrainedArray(IReadOnlyList<int> sizes)
    {
        Value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [.. sizes.Select(size => (long)size)]);
        Elements.Clear();
    }

    /// <summary>To bind.</summary>
    public OrtValue Value { get; }

    /// <summary>Valid until the array is disposed.</summary>
    public Span<float> Elements => Value.GetTensorMutableDataAsSpan<float>();

    public void Dispose() => Value.Dispose();
}
