using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace BiT.Core.Weights;

/// <summary>The head of an .npy file: element type, order and shape.</summary>
/// <remarks>Magic, version, header length, then a Python dictionary as text. Source: NumPy, numpy/lib/format.py.</remarks>
internal sealed partial record NpyHeader(int ElementSize, bool IsFortranOrder, IReadOnlyList<int> Shape, long Count)
{
    // NumPy itself refuses headers beyond 10,000 bytes unless told to trust them.
    private const int MaxHeaderLength = 10_000;
    private const int MaxRank = 32;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the head and leaves the stream at the first element.</summary>
    /// <exception cref="InvalidDataException">No .npy head, or one of an array that is not read here.</exception>
    /// <exception cref="EndOfStreamException">The stream ends first.</exception>
    public static NpyHeader Read(Stream stream, string where)
    {
        Span<byte> start = stackalloc byte[8];
        stream.ReadExactly(start);
        if (!start.StartsWith(Magic))
        {
            throw new InvalidDataException(
                $"{where}: expected an .npy array, which begins with 93 'NUMPY', got {Convert.ToHexString(start[..6])}.");
        }
        if (start[6] is < 1 or > 3)
        {
            throw new InvalidDataException(
                $"{where}: .npy version {start[6]}.{start[7]} is unknown; expected 1.0, 2.0 or 3.0. Save it with NumPy again.");
        }
        var lengthSize = start[6] == 1 ? 2 : 4;
        Span<byte> lengthBytes = stackalloc byte[4];
        lengthBytes.Clear();
        stream.ReadExactly(lengthBytes[..lengthSize]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > MaxHeaderLength)
        {
            throw new InvalidDataException(
                $"{where}: the .npy header has {length:N0} bytes; expected at most {MaxHeaderLength:N0}. The file is damaged.");
        }
        var text = new byte[length];
        stream.ReadExactly(text);
        return Parse(Encoding.Latin1.GetString(text), where);
    }

    /// <summary>The head of a C-ordered array, padded so that the elements are aligned.</summary>
    /// <param name="elementSize">2 for float16, 4 for float32.</param>
    public static byte[] Write(IReadOnlyList<int> shape, int elementSize)
    {
        var sizes = string.Join(", ", shape.Select(size => size.ToString(CultureInfo.InvariantCulture)));
        // A tuple of one needs its comma.
        var text = $"{{'descr': '<f{elementSize}', 'fortran_order': False, 'shape': ({sizes}{(shape.Count == 1 ? "," : "")}), }}";
        var unpadded = Magic.Length + 4 + text.Length + 1;
        var padded = (unpadded + Alignment - 1) / Alignment * Alignment;
        text = text + new string(' ', padded - unpadded) + '\n';
        return [.. Magic, 1, 0, (byte)text.Length, (byte)(text.Length >> 8), .. Encoding.ASCII.GetBytes(text)];
    }

    private static NpyHeader Parse(string text, string where)
    {
        var (type, order, shape) = (TypeField().Match(text), OrderField().Match(text), ShapeField().Match(text));
        if (!type.Success || !order.Success || !shape.Success)
            throw new InvalidDataException($"{where}: expected an .npy header with descr, fortran_order and shape, got: {text.TrimEnd()}");
        var elementSize = type.Groups[1].Value switch
        {
            "<f2" => 2,
            "<f4" => 4,
            "<f8" => 8,
            var other => throw new InvalidDataException(
                $"{where}: element type '{other}' is not read; expected '<f2', '<f4' or '<f8' (float16, float32 or float64, "
                + "little-endian). Convert it with array.astype('<f4')."),
        };
        var sizes = new List<int>();
        var count = 1L;
        foreach (var part in shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // Python 2 wrote long integers as 3L.
            if (sizes.Count == MaxRank || !int.TryParse(part.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            {
                throw new InvalidDataException(
                    $"{where}: expected a shape of at most {MaxRank} sizes below 2^31, got ({shape.Groups[1].Value}).");
            }
            sizes.Add(size);
            count *= size;
            if (count > Array.MaxLength)
            {
                throw new InvalidDataException(
                    $"{where}: shape ({shape.Groups[1].Value}) has more than {Array.MaxLength:N0} elements. Split the array.");
            }
        }
        return new NpyHeader(elementSize, order.Groups[1].Value == "True", sizes, count);
    }

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"]([^'"]*)['"]""", RegexOptions.CultureInvariant)]
    private static partial Regex TypeField();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(True|False)""", RegexOptions.CultureInvariant)]
    private static partial Regex OrderField();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\(([^()]*)\)""", RegexOptions.CultureInvariant)]
    private static partial Regex ShapeField();
}
