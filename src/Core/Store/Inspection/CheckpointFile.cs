using System.Security.Cryptography;
using System.Text.Json;

namespace BiT.Core.Store;

/// <summary>Checks checkpoints without holding their arrays: safetensors with a hash, see docs/formats/checkpoints.md. They are the trainer's to
/// write and to read.</summary>
internal static class CheckpointFile
{
    public const string Extension = ".safetensors";

    private const int LengthBytes = 8;
    private const int MaxHeaderBytes = 100 * 1024 * 1024;

    /// <summary>Fails unless the file is whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isQuick">Compares lengths only, and not the hash.</param>
    /// <exception cref="InvalidDataException">It is cut short or changed.</exception>
    public static void Verify(string path, bool isQuick)
    {
        using var file = File.OpenRead(path);
        var start = new byte[LengthBytes];
        if (file.ReadAtLeast(start, LengthBytes, throwOnEndOfStream: false) < LengthBytes)
            throw Damaged("it ends within its first 8 bytes");
        var headerLength = BitConverter.ToUInt64(start);
        if (headerLength > MaxHeaderBytes || (long)headerLength > file.Length - LengthBytes)
            throw Damaged($"its header would have {headerLength} bytes");
        var header = new byte[headerLength];
        file.ReadExactly(header);
        var (dataLength, expected) = Read(header);
        if (file.Length - LengthBytes - header.Length != dataLength)
            throw Damaged($"it has {file.Length - LengthBytes - header.Length} bytes of arrays; its header says {dataLength}");
        if (!isQuick && Convert.ToHexStringLower(SHA256.HashData(file)) != expected)
            throw Damaged("its content does not match its hash");
    }

    private static (long DataLength, string? Hash) Read(byte[] header)
    {
        try
        {
            using var json = JsonDocument.Parse(header);
            var length = 0L;
            string? hash = null;
            foreach (var entry in json.RootElement.EnumerateObject())
            {
                if (entry.Name == "__metadata__")
                    hash = entry.Value.GetProperty("sha256").GetString();
                else
                    length = Math.Max(length, entry.Value.GetProperty("data_offsets")[1].GetInt64());
            }
            return (length, hash);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw Damaged($"its header cannot be read ({problem.Message})");
        }
    }

    private static InvalidDataException Damaged(string why) => new($"The checkpoint is damaged: {why}.");
}
