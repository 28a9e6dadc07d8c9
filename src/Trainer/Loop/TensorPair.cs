using Microsoft.ML.OnnxRuntime;

namespace BiT.Training.Loop;

/// <summary>The two buffers of one trained array: a run reads one side and writes the other. ONNX Runtime may read an input after it has
/// written an output, so both cannot be one buffer.</summary>
internal sealed class TensorPair : IDisposable
{
    private readonly OrtValue[] _sides;

    public TensorPair(string name, IReadOnlyList<int> sizes)
    {
        Name = name;
        _sides = [Allocate(sizes), Allocate(sizes)];
    }

    public string Name { get; }

    public OrtValue this[int side] => _sides[side];

    /// <summary>The elements of one side; valid until the pair is disposed.</summary>
    public Span<float> Data(int side) => _sides[side].GetTensorMutableDataAsSpan<float>();

    public void Dispose()
    {
        foreach (var side in _sides)
            side.Dispose();
    }

    private static OrtValue Allocate(IReadOnlyList<int> sizes)
    {
        var value = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [.. sizes.Select(size => (long)size)]);
        value.GetTensorMutableDataAsSpan<float>().Clear();
        return value;
    }
}
