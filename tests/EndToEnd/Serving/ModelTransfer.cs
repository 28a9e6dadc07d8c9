using System.Security.Cryptography;
using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Model files over the wire, message by message.</summary>
internal static class ModelTransfer
{
    private const int ChunkLength = 200_000;

    /// <summary>Downloads a file; checks length and hash.</summary>
    public static async Task<(DownloadHeader Header, byte[] Content)> DownloadAsync(
        this ModelService.ModelServiceClient client, string name, ModelFile file)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var call = client.DownloadModelVersion(new DownloadModelVersionRequest { Name = name, File = file }, cancellationToken: cancel);
        Assert.True(await call.ResponseStream.MoveNext(cancel));
        var header = call.ResponseStream.Current.Header;
        var content = new MemoryStream();
        while (await call.ResponseStream.MoveNext(cancel))
            call.ResponseStream.Current.Data.WriteTo(content);
        Assert.Equal(header.ByteCount, content.Length);
        Assert.Equal(header.Sha256.ToByteArray(), SHA256.HashData(content.ToArray()));
        return (header, content.ToArray());
    }

    /// <summary>Sends a header, a file in chunks, and its hash.</summary>
    public static Task<ModelVersion> ImportAsync(this ModelService.ModelServiceClient client, ImportHeader header, byte[] content) =>
        client.SendAsync([
            new ImportModelVersionRequest { Header = header },
            .. content.Chunk(ChunkLength).Select(chunk => new ImportModelVersionRequest { Data = ByteString.CopyFrom(chunk) }),
            new ImportModelVersionRequest { Sha256 = ByteString.CopyFrom(SHA256.HashData(content)) }]);

    /// <summary>Sends exactly these messages.</summary>
    public static async Task<ModelVersion> SendAsync(
        this ModelService.ModelServiceClient client, IEnumerable<ImportModelVersionRequest> messages, bool completes = true)
    {
        using var call = client.ImportModelVersion(cancellationToken: TestContext.Current.CancellationToken);
        try
        {
            foreach (var message in messages)
                await call.RequestStream.WriteAsync(message, TestContext.Current.CancellationToken);
            if (completes)
                await call.RequestStream.CompleteAsync();
        }
        catch (Exception failure) when (failure is RpcException or InvalidOperationException)
        {
            // The server refused the file before its end; the response says why.
        }
        return await call.ResponseAsync;
    }
}
