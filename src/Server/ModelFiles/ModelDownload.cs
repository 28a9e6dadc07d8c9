using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Rpc;
using BiT.Serving.Startup;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Serving.ModelFiles;

/// <summary>Sends a file, one buffer at a time, no faster than the client takes it, and not for ever.</summary>
internal sealed class ModelDownload(LimitOptions limits, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<ModelDownload> logger)
{
    private const int ChunkLength = 256 * 1024;

    /// <exception cref="DownloadIdleException">The client takes nothing.</exception>
    /// <exception cref="ServerStoppingException">The server stops.</exception>
    public async Task SendAsync(
        ModelVersionId version, ModelFileContent content, IServerStreamWriter<DownloadModelVersionResponse> stream, ServerCallContext context)
    {
        using var idle = new CancellationTokenSource(limits.DownloadIdleTimeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            context.CancellationToken, lifetime.ApplicationStopping, idle.Token);
        async Task WriteAsync(DownloadModelVersionResponse message)
        {
            // HTTP/2's flow control holds the writer back until the client has taken enough; Kestrel does not watch how long that takes.
            idle.CancelAfter(limits.DownloadIdleTimeout);
            await stream.WriteAsync(message, stop.Token);
            idle.CancelAfter(Timeout.InfiniteTimeSpan);
        }

        try
        {
            await WriteAsync(new DownloadModelVersionResponse { Header = HeaderOf(version, content) });
            var buffer = new byte[ChunkLength];
            foreach (var open in content.Parts)
            {
                await using var part = open();
                for (int read; (read = await part.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop.Token)) > 0;)
                    await WriteAsync(new DownloadModelVersionResponse { Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)) });
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // An error could not reach a client that takes nothing: its stream is cut.
            context.GetHttpContext().Abort();
            throw new ServerStoppingException();
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested)
        {
            logger.LogInformation("A download of {Version} is cut: nothing was taken for {Timeout}.", version, limits.DownloadIdleTimeout);
            context.GetHttpContext().Abort();
            throw new DownloadIdleException(limits.DownloadIdleTimeout);
        }
    }

    private static DownloadHeader HeaderOf(ModelVersionId version, ModelFileContent content) => new()
    {
        ModelVersion = version.ToString(),
        FileName = content.FileName,
        ByteCount = content.ByteCount,
        Sha256 = ByteString.CopyFrom(content.Sha256),
    };
}
