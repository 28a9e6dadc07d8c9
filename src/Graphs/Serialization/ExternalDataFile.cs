using System.Security.Cryptography;

namespace BiT.Graphs.Serialization;

/// <summary>The file beside a model that holds its large constants, written front to back and hashed on the way.</summary>
internal sealed class ExternalDataFile(string path) : IDisposable
{
    // Constants this small stay inside the model: shapes and axes must be readable without the data file.
    private const int SmallestBytes = 1024;

    // Constants begin at a page, so that runtimes can map them.
    private const int Alignment = 4096;

    private readonly FileStream _file = File.Create(path);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Writes a constant; null if it is so small that it belongs into the model.</summary>
    public ExternalLocation? Append(Tensor tensor)
    {
        if (tensor.Bytes.Length < SmallestBytes)
            return null;
        Write(new byte[(Alignment - _file.Position % Alignment) % Alignment]);
        var location = new ExternalLocation(Path.GetFileName(path), _file.Position, tensor.Bytes.Length);
        Write(tensor.Bytes.Span);
        return location;
    }

    /// <summary>sha256 of all that was written, lower-case hexadecimal.</summary>
    public string Hash() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose()
    {
        _hash.Dispose();
        _file.Dispose();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _file.Write(bytes);
    }
}

/// <summary>Where the bytes of a constant lie.</summary>
/// <param name="File">File name beside the model.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
internal sealed record ExternalLocation(string File, long Offset, long Length);
