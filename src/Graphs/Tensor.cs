using System.Runtime.InteropServices;

namespace BiT.Graphs;

/// <summary>Constant data: element type, static shape and the elements in row-major order, little-endian as ONNX's raw data.</summary>
/// <remarks>Immutable by contract: whoever hands over the bytes does not change them afterwards.</remarks>
public sealed class Tensor
{
    public Tensor(ElementType type, Shape shape, ReadOnlyMemory<byte> bytes)
    {
        var expected = (Int128)shape.ElementCount * type.SizeInBytes();
        if (bytes.Length != expected)
            throw new GraphException($"A {type.ToText()} tensor of shape {shape} has {expected} bytes; got {bytes.Length}.");
        Type = type;
        Shape = shape;
        Bytes = bytes;
    }

    public ElementType Type { get; }

    public Shape Shape { get; }

    public ReadOnlyMemory<byte> Bytes { get; }

    public static Tensor Of(Shape shape, ReadOnlySpan<float> values) =>
        new(ElementType.Float32, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A float32 tensor over an array that nobody changes any more. Nothing is copied: a network's weights are gigabytes.</summary>
    public static Tensor Over(Shape shape, float[] values) => new(ElementType.Float32, shape, new FloatBytes(values).Memory);

    public static Tensor Of(params ReadOnlySpan<long> values) =>
        new(ElementType.Int64, Shape.Of(values.Length), MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A floating-point tensor of shape [].</summary>
    public static Tensor Scalar(double value, ElementType type = ElementType.Float32) => type switch
    {
        ElementType.Float32 => Of(Shape.Scalar, [(float)value]),
        ElementType.Float64 => new Tensor(type, Shape.Scalar, BitConverter.GetBytes(value)),
        ElementType.Float16 => new Tensor(type, Shape.Scalar, BitConverter.GetBytes((Half)value)),
        _ => throw new GraphException($"A scalar is floating-point; got {type}."),
    };

    /// <summary>The same elements under another shape of as many.</summary>
    public Tensor Reshaped(Shape shape) => new(Type, shape, Bytes);

    /// <summary>The elements of a float32 tensor.</summary>
    public ReadOnlySpan<float> AsFloats() => As<float>(ElementType.Float32);

    /// <summary>The elements of an int64 tensor.</summary>
    public ReadOnlySpan<long> AsInt64s() => As<long>(ElementType.Int64);

    private ReadOnlySpan<T> As<T>(ElementType expected)
        where T : struct =>
        Type == expected
            ? MemoryMarshal.Cast<byte, T>(Bytes.Span)
            : throw new GraphException($"Expected a {expected.ToText()} tensor; this one is {Type.ToText()} {Shape}.");
}
