using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace BiT.Core.Weights;

/// <summary>The elements behind an .npy header, little-endian, from and to float32.</summary>
internal static class NpyElements
{
    // Elements converted at a time; also keeps a span of bytes below 2^31 for the largest arrays.
    private const int ChunkLength = 1 << 16;

    /// <summary>Reads all elements and brings them into C order.</summary>
    public static float[] Read(Stream stream, NpyHeader header)
    {
        var values = GC.AllocateUninitializedArray<float>((int)header.Count);
        var buffer = new byte[ChunkLength * header.ElementSize];
        for (var start = 0; start < values.Length; start += ChunkLength)
        {
            var target = values.AsSpan(start, Math.Min(ChunkLength, values.Length - start));
            var bytes = buffer.AsSpan(0, target.Length * header.ElementSize);
            stream.ReadExactly(bytes);
            switch (header.ElementSize)
            {
                case 2:
                    TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), target);
                    break;
                case 4:
                    MemoryMarshal.Cast<byte, float>(bytes).CopyTo(target);
                    break;
                default:
                    TensorPrimitives.ConvertTruncating<double, float>(MemoryMarshal.Cast<byte, double>(bytes), target);
                    break;
            }
        }
        return header.IsFortranOrder && header.Shape.Count > 1 ? ToRowMajor(values, header.Shape) : values;
    }

    /// <summary>Writes all elements as float32, or rounded to the nearest float16.</summary>
    /// <exception cref="InvalidDataException">A finite value is beyond the range of float16.</exception>
    public static void Write(Stream stream, float[] values, bool half, string where)
    {
        var halves = new Half[half ? Math.Min(ChunkLength, values.Length) : 0];
        for (var start = 0; start < values.Length; start += ChunkLength)
        {
            ReadOnlySpan<float> source = values.AsSpan(start, Math.Min(ChunkLength, values.Length - start));
            if (!half)
            {
                stream.Write(MemoryMarshal.AsBytes(source));
                continue;
            }
            var target = halves.AsSpan(0, source.Length);
            TensorPrimitives.ConvertToHalf(source, target);
            for (var i = 0; i < source.Length; i++)
            {
                if (float.IsFinite(source[i]) && !Half.IsFinite(target[i]))
                {
                    throw new InvalidDataException(
                        $"{where}: element {start + i} is {source[i]}; float16 reaches {Half.MaxValue}. Store it as float32.");
                }
            }
            stream.Write(MemoryMarshal.AsBytes(target));
        }
    }

    private static float[] ToRowMajor(float[] columnMajor, IReadOnlyList<int> shape)
    {
        var rank = shape.Count;
        var strides = new int[rank];
        for (int i = 0, stride = 1; i < rank; stride *= shape[i++])
            strides[i] = stride;
        var result = GC.AllocateUninitializedArray<float>(columnMajor.Length);
        var position = new int[rank];
        var source = 0;
        for (var target = 0; target < result.Length; target++)
        {
            result[target] = columnMajor[source];
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                source += strides[axis];
                if (++position[axis] < shape[axis])
                    break;
                source -= strides[axis] * shape[axis];
                position[axis] = 0;
            }
        }
        return result;
    }
}
