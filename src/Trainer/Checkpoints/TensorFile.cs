using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using BiT.Core.Store;

namespace BiT.Training.Checkpoints;

/// <summary>Named float32 arrays and texts in one file, in the safetensors format, with hashes over arrays and header.</summary>
/// <remarks>8 bytes little-endian header length, a JSON header (dtype, shape, data_offsets per array; texts under __metadata__), raw
/// little-endian data without holes. Written beside the final path, flushed to disk and renamed: a file under its final name is whole, and
/// the hash finds what a disk has lost since. See docs/formats/checkpoints.md.</remarks>
internal static class TensorFile
{
    private const string HashKey = "sha256";

    // Absent in files of before: their texts are taken as they are.
    private const string HeaderHashKey = "header_sha256";
    private const int MaxHeaderBytes = 100 * 1024 * 1024;

    /// <summary>Writes a file; replaces one that is there.</summary>
    public static void Write(string path, IReadOnlyDictionary<string, string> texts, IReadOnlyList<KeyValuePair<string, float[]>> arrays)
    {
        var temporary = path + ".tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                file.Write(Header(texts, arrays));
                foreach (var (_, values) in arrays)
                    file.Write(MemoryMarshal.AsBytes<float>(values));
            }
            DurableFile.Replace(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Reads a file and checks its hash.</summary>
    /// <exception cref="InvalidDataException">Not such a file, cut short, or changed since it was written.</exception>
    public static TensorFileContent Read(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> lengthBytes = stackalloc byte[8];
        if (file.ReadAtLeast(lengthBytes, 8, throwOnEndOfStream: false) < 8)
            throw Damaged(path, "it ends within its first 8 bytes");
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (headerLength > MaxHeaderBytes || (long)headerLength > file.Length - 8)
            throw Damaged(path, $"its header would have {headerLength} bytes");
        var headerBytes = new byte[headerLength];
        file.ReadExactly(headerBytes);
        try
        {
            return ReadContent(path, file, headerBytes);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or EndOfStreamException or FormatException)
        {
            throw Damaged(path, problem.Message);
        }
    }

    private static TensorFileContent ReadContent(string path, FileStream file, byte[] headerBytes)
    {
        var header = JsonNode.Parse(headerBytes)?.AsObject() ?? throw Damaged(path, "its header is empty");
        var texts = (header["__metadata__"]?.AsObject() ?? []).ToDictionary(entry => entry.Key, entry => entry.Value?.GetValue<string>() ?? "");
        var arrays = new Dictionary<string, float[]>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var position = 0L;
        foreach (var (name, entry) in header.Where(entry => entry.Key != "__metadata__"))
        {
            var offsets = entry?["data_offsets"]?.AsArray().Select(offset => offset?.GetValue<long>() ?? -1).ToArray();
            if (offsets is not [var start, var end] || start != position || end < start || end > file.Length - 8 - headerBytes.Length || (end - start) % sizeof(float) != 0)
                throw Damaged(path, $"array {name} does not lie where the previous one ends");
            var values = new float[(end - start) / sizeof(float)];
            file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
            arrays.Add(name, values);
            position = end;
        }
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != texts.GetValueOrDefault(HashKey))
            throw Damaged(path, "its content does not match its hash");
        if (texts.TryGetValue(HeaderHashKey, out var headerHash) && headerHash != HeaderHash(texts, arrays.Select(array => (array.Key, array.Value.Length))))
            throw Damaged(path, "its header does not match its hash");
        return new TensorFileContent(texts, arrays);
    }

    private static byte[] Header(IReadOnlyDictionary<string, string> texts, IReadOnlyList<KeyValuePair<string, float[]>> arrays)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var entries = new JsonObject();
        var position = 0L;
        foreach (var (name, values) in arrays)
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
            var end = position + (long)values.Length * sizeof(float);
            entries.Add(name, new JsonObject { ["dtype"] = "F32", ["shape"] = new JsonArray(values.Length), ["data_offsets"] = new JsonArray(position, end) });
            position = end;
        }
        var metadata = new JsonObject { [HashKey] = Convert.ToHexStringLower(hash.GetHashAndReset()) };
        foreach (var (key, value) in texts)
            metadata.Add(key, value);
        metadata.Add(HeaderHashKey, HeaderHash(texts, arrays.Select(array => (array.Key, array.Value.Length))));
        entries.Insert(0, "__metadata__", metadata);
        var json = JsonSerializer.SerializeToUtf8Bytes(entries);
        // The data begins at a multiple of 8; the format allows trailing spaces.
        var padded = (json.Length + 7) / 8 * 8;
        var header = new byte[8 + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        json.CopyTo(header, 8);
        header.AsSpan(8 + json.Length).Fill((byte)' ');
        return header;
    }

    // Over what the header says, not over its bytes: any JSON writer may have made it.
    private static string HeaderHash(IReadOnlyDictionary<string, string> texts, IEnumerable<(string Name, int Length)> arrays)
    {
        var said = texts.Where(text => text.Key is not (HashKey or HeaderHashKey)).OrderBy(text => text.Key, StringComparer.Ordinal)
            .Select(text => new[] { text.Key, text.Value })
            .Concat(arrays.Select(array => new[] { array.Name, array.Length.ToString(CultureInfo.InvariantCulture) }));
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(said)));
    }

    private static InvalidDataException Damaged(string path, string why) => new($"{path} is damaged: {why}.");
}

/// <summary>What a tensor file holds.</summary>
internal sealed record TensorFileContent(IReadOnlyDictionary<string, string> Texts, IReadOnlyDictionary<string, float[]> Arrays);
