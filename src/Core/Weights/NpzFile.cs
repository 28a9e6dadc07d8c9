using System.IO.Compression;

namespace BiT.Core.Weights;

/// <summary>NumPy's .npz: a zip file of named .npy arrays. The official BiT weights come as such files.</summary>
/// <remarks>Entries are stored or deflated; float16, float32 and float64 are read, C and Fortran order. Every length is checked before
/// memory is taken, every checksum after reading.</remarks>
public static class NpzFile
{
    private const string Extension = ".npy";
    private const int MaxArrays = 100_000;

    // Deflate cannot shrink further than 1032 : 1 (zlib's documentation); a claim beyond it is a bomb.
    private const long MaxDeflateRatio = 1032;

    // Equal content gives equal bytes: zip's first moment instead of the clock, and no permissions of this machine.
    private static readonly DateTimeOffset Timestamp = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads all arrays.</summary>
    /// <param name="path">A .npz file.</param>
    /// <returns>Arrays by name, without <c>.npy</c>, in the order of the file.</returns>
    /// <exception cref="InvalidDataException">Not a .npz file, damaged, or with arrays that are not floating point.</exception>
    public static IReadOnlyDictionary<string, NpyArray> Read(string path) => Read(path, (_, array) => array);

    /// <summary>Reads all arrays and turns each into something else before the next is read, so that both forms of a large file are never in
    /// memory together.</summary>
    /// <param name="path">A .npz file.</param>
    /// <param name="convert">Given the name, without <c>.npy</c>, and the array, whose values become the callee's.</param>
    /// <returns>What became of the arrays, by name.</returns>
    /// <exception cref="InvalidDataException">As for <see cref="Read(string)"/>.</exception>
    public static IReadOnlyDictionary<string, T> Read<T>(string path, Func<string, NpyArray, T> convert)
    {
        var arrays = new Dictionary<string, T>(StringComparer.Ordinal);
        Visit(
            path,
            (name, header, stream) => arrays.Add(name, convert(name, new NpyArray(header.Shape, NpyElements.Read(stream, header)))),
            readsAll: true);
        return arrays;
    }

    /// <summary>Reads names and shapes only.</summary>
    /// <param name="path">A .npz file.</param>
    /// <exception cref="InvalidDataException">As for <see cref="Read(string)"/>.</exception>
    public static IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> ReadShapes(string path)
    {
        var shapes = new List<(string, IReadOnlyList<int>)>();
        Visit(path, (name, header, _) => shapes.Add((name, header.Shape)), readsAll: false);
        return shapes;
    }

    /// <summary>Writes arrays, uncompressed, as <c>numpy.savez</c> does. Equal arrays in equal order give equal bytes.</summary>
    /// <param name="path">File to write or replace; it appears under this name only when it is whole.</param>
    /// <param name="arrays">Names, without <c>.npy</c>, and arrays, written in this order.</param>
    /// <param name="half">Whether to round to float16 instead of writing float32.</param>
    /// <exception cref="ArgumentException">An array's shape and length disagree, or a name is empty or comes twice.</exception>
    /// <exception cref="InvalidDataException">A value is beyond the range of float16.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, NpyArray>> arrays, bool half = false)
    {
        var temporary = path + ".partial";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            using (var zip = new ZipArchive(file, ZipArchiveMode.Create))
            {
                var names = new HashSet<string>(StringComparer.Ordinal);
                foreach (var (name, array) in arrays)
                {
                    if (name.Length == 0 || !names.Add(name))
                    {
                        throw new ArgumentException(
                            $"Array name '{name}' is empty or comes twice; expected a name of its own for each.", nameof(arrays));
                    }
                    WriteEntry(zip, path, name, array, half);
                }
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void WriteEntry(ZipArchive zip, string path, string name, NpyArray array, bool half)
    {
        if (array.Shape.Any(size => size < 0)
            || array.Shape.Aggregate(1L, (product, size) => checked(product * size)) != array.Values.Length)
        {
            throw new ArgumentException($"Array '{name}' has shape ({string.Join(", ", array.Shape)}) but {array.Values.Length} values.");
        }
        var entry = zip.CreateEntry(name + Extension, CompressionLevel.NoCompression);
        entry.LastWriteTime = Timestamp;
        entry.ExternalAttributes = 0;
        using var stream = entry.Open();
        stream.Write(NpyHeader.Write(array.Shape, half ? 2 : 4));
        NpyElements.Write(stream, array.Values, half, $"{path}, array {name}");
    }

    private static void Visit(string path, Action<string, NpyHeader, Stream> visitor, bool readsAll)
    {
        using var file = File.OpenRead(path);
        using var zip = OpenZip(file, path);
        if (zip.Entries.Count > MaxArrays)
            throw new InvalidDataException($"{path} holds {zip.Entries.Count:N0} arrays; expected at most {MaxArrays:N0}.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in zip.Entries)
        {
            if (!entry.FullName.EndsWith(Extension, StringComparison.Ordinal))
            {
                throw new InvalidDataException(
                    $"{path}: entry '{entry.FullName}' is not an .npy array. Expected a file that numpy.savez wrote.");
            }
            var name = entry.FullName[..^Extension.Length];
            if (!names.Add(name))
                throw new InvalidDataException($"{path}: array {name} comes twice. Expected each name once.");
            try
            {
                VisitEntry(entry, name, $"{path}, array {name}", visitor, readsAll);
            }
            // Of the zip library; our own messages name the file already.
            catch (Exception failure) when (failure is EndOfStreamException
                || (failure is InvalidDataException && !failure.Message.StartsWith(path, StringComparison.Ordinal)))
            {
                throw new InvalidDataException(
                    $"{path}, array {name} is damaged: {failure.Message} Fetch or export the file again.", failure);
            }
        }
    }

    private static void VisitEntry(
        ZipArchiveEntry entry, string name, string where, Action<string, NpyHeader, Stream> visitor, bool readsAll)
    {
        using var stream = new ChecksumStream(entry.Open());
        var header = NpyHeader.Read(stream, where);
        var expected = stream.Position + (header.Count * header.ElementSize);
        if (entry.Length != expected)
        {
            throw new InvalidDataException(
                $"{where}: shape ({string.Join(", ", header.Shape)}) of {header.ElementSize}-byte elements needs {expected:N0} bytes, "
                + $"the entry has {entry.Length:N0}. The file is damaged.");
        }
        if (entry.Length > (entry.CompressedLength + 1) * MaxDeflateRatio)
        {
            throw new InvalidDataException(
                $"{where}: {entry.CompressedLength:N0} compressed bytes claim to hold {entry.Length:N0}. The file is damaged.");
        }
        visitor(name, header, stream);
        if (readsAll && (stream.ReadByte() >= 0 || stream.Checksum != entry.Crc32))
        {
            throw new InvalidDataException($"{where}: checksum {stream.Checksum:x8}, expected {entry.Crc32:x8}. "
                + "The file is damaged; fetch or export it again.");
        }
    }

    private static ZipArchive OpenZip(FileStream file, string path)
    {
        try
        {
            return new ZipArchive(file, ZipArchiveMode.Read);
        }
        catch (InvalidDataException failure)
        {
            throw new InvalidDataException($"{path} is not a whole .npz (zip) file: {failure.Message} It has {file.Length:N0} bytes. "
                + "Fetch or export it again.", failure);
        }
    }
}
