using System.IO.Compression;
using System.Security.Cryptography;
using BiT.Protocol.V1;
using Google.Protobuf;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Uploads of data sets as streams.</summary>
internal static class Uploads
{
    private const int ChunkBytes = 100;

    /// <summary>A photo in several chunks.</summary>
    public static IEnumerable<UploadDatasetRequest> Photo(
        string fileName, string label, byte[] content, Split split = Split.Unspecified, long byteCount = 0)
    {
        var header = new PhotoHeader { FileName = fileName, Label = label, Split = split, ByteCount = byteCount };
        yield return new UploadDatasetRequest { Photo = header };
        foreach (var chunk in content.Chunk(ChunkBytes))
            yield return new UploadDatasetRequest { Chunk = ByteString.CopyFrom(chunk) };
    }

    /// <summary>Six photos of each of two classes, all different from those of other marks.</summary>
    public static IEnumerable<UploadDatasetRequest> TwoColours(int mark) => Enumerable.Range(0, 6).SelectMany(index =>
        Photo($"red-{index}.png", "red", Drawings.Png(SKColors.Red, (mark * 8) + index))
            .Concat(Photo($"blue-{index}.png", "blue", Drawings.Png(SKColors.Blue, (mark * 8) + index))));

    /// <summary>A ZIP archive, stored.</summary>
    public static byte[] Zip(IEnumerable<(string Name, byte[] Content)> entries)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
        }
        return file.ToArray();
    }

    /// <summary>The photos of <see cref="TwoColours"/> in folders.</summary>
    public static IEnumerable<(string Name, byte[] Content)> TwoFolders(int mark) => Enumerable.Range(0, 6).SelectMany(index => new[]
    {
        ($"red/{index}.png", Drawings.Png(SKColors.Red, (mark * 8) + index)),
        ($"blue/{index}.png", Drawings.Png(SKColors.Blue, (mark * 8) + index)),
    });

    /// <summary>A header that announces an archive, its bytes, and its checksum.</summary>
    public static IEnumerable<UploadDatasetRequest> Archive(string displayName, byte[] zip, byte[]? sha256 = null)
    {
        const int ArchiveChunkBytes = 64 << 10;
        yield return new UploadDatasetRequest { Header = new DatasetHeader { DisplayName = displayName, Archive = ArchiveFormat.Zip } };
        foreach (var chunk in zip.Chunk(ArchiveChunkBytes))
            yield return new UploadDatasetRequest { Chunk = ByteString.CopyFrom(chunk) };
        yield return Trailer(sha256 ?? SHA256.HashData(zip));
    }

    public static UploadDatasetRequest Trailer(byte[] sha256) => new() { Trailer = new UploadTrailer { Sha256 = ByteString.CopyFrom(sha256) } };

    /// <summary>Sends a header and then these messages.</summary>
    public static Task<UploadDatasetResponse> UploadAsync(
        this DatasetService.DatasetServiceClient client, string displayName, IEnumerable<UploadDatasetRequest> messages) =>
        client.SendAsync(messages.Prepend(new UploadDatasetRequest { Header = new DatasetHeader { DisplayName = displayName } }));

    /// <summary>Sends exactly these messages.</summary>
    public static async Task<UploadDatasetResponse> SendAsync(
        this DatasetService.DatasetServiceClient client, IEnumerable<UploadDatasetRequest> messages)
    {
        using var call = client.UploadDataset(cancellationToken: TestContext.Current.CancellationToken);
        try
        {
            foreach (var message in messages)
                await call.RequestStream.WriteAsync(message, TestContext.Current.CancellationToken);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception failure) when (failure is Grpc.Core.RpcException or InvalidOperationException)
        {
            // The server refused the upload before its end; the response says why.
        }
        return await call.ResponseAsync;
    }
}
