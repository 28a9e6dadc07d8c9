using System.IO.Compression;
using System.Text;

namespace BiT.Tests.Unit.Weights;

/// <summary>Makes .npy and .npz files byte by byte.</summary>
internal static class NpyFiles
{
    /// <summary>An array file with the given header text, padded as NumPy pads it.</summary>
    public static byte[] Of(string header, byte[] elements, byte version = 1)
    {
        var prefix = version == 1 ? 10 : 12;
        var text = Encoding.ASCII.GetBytes(header.PadRight(((prefix + header.Length + 64) / 64 * 64) - prefix - 1) + "\n");
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text, .. elements];
    }

    /// <summary>Little-endian float32.</summary>
    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    /// <summary>Writes a zip file of the entries and returns its path.</summary>
    public static string Zip(TemporaryFolder folder, CompressionLevel compression, params (string Name, byte[] Content)[] entries)
    {
        var path = Path.Combine(folder.Path, "test.npz");
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach (var (name, content) in entries)
        {
            using var stream = zip.CreateEntry(name, compression).Open();
            stream.Write(content);
        }
        return path;
    }
}
