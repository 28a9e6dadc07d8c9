using System.IO.Compression;
using System.Security.Cryptography;
using BiT.Serving.ModelFiles;

namespace BiT.Tests.Unit.Serving;

public sealed class StoredZipTests
{
    [Fact]
    public void Lay_Files_GivesAZipOfTheLengthAndHashThatItAnnounced()
    {
        var files = new Dictionary<string, byte[]> { ["flowers-3.onnx"] = [1, 2, 3], ["infer.onnx.data"] = RandomNumberGenerator.GetBytes(3_000_000), ["ü"] = [] };

        var content = StoredZip.Lay("flowers-3.zip", [.. files.Select(file => (file.Key, (Func<Stream>)(() => new MemoryStream(file.Value))))],
            TestContext.Current.CancellationToken);

        using var zip = new MemoryStream();
        foreach (var open in content.Parts)
        {
            using var part = open();
            part.CopyTo(zip);
        }
        Assert.Equal((content.ByteCount, content.FileName), (zip.Length, "flowers-3.zip"));
        Assert.Equal(SHA256.HashData(zip.ToArray()), content.Sha256);
        using var archive = new ZipArchive(zip, ZipArchiveMode.Read);
        Assert.Equal(files.Keys, archive.Entries.Select(entry => entry.FullName));
        foreach (var entry in archive.Entries)
        {
            using var stream = entry.Open();
            var read = new MemoryStream();
            stream.CopyTo(read);
            Assert.Equal(files[entry.FullName], read.ToArray());
            Assert.Equal(entry.Length, entry.CompressedLength);
        }
    }
}
