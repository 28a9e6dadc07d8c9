using System.Security.Cryptography;
using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Client;

/// <summary>Sends one model file, one buffer at a time, and its hash behind it.</summary>
internal sealed class ModelSender(
    AsyncClientStreamingCall<ImportModelVersionRequest, Protocol.V1.ModelVersion> call, int chunkBytes, IProgress<TransferProgress>? progress)
{
    internal async Task<Protocol.V1.ModelVersion> SendAsync(ImportHeader header, FileStream file, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(new ImportModelVersionRequest { Header = header }, cancellationToken).ConfigureAwait(false);
            await SendAsync(file, cancellationToken).ConfigureAwait(false);
            await StreamClosedException.WhileOpenAsync(call.RequestStream.CompleteAsync()).ConfigureAwait(false);
        }
        catch (StreamClosedException)
        {
            // The reply below has the true reason.
        }
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    private async Task SendAsync(FileStream file, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Writes are awaited, so one buffer serves all.
        var buffer = new byte[chunkBytes];
        var (done, length) = (0L, file.Length);
        while (await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false) is > 0 and var count)
        {
            hash.AppendData(buffer, 0, count);
            await WriteAsync(new ImportModelVersionRequest { Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, count)) }, cancellationToken)
                .ConfigureAwait(false);
            done += count;
            progress?.Report(new TransferProgress(done, length));
        }
        await WriteAsync(new ImportModelVersionRequest { Sha256 = ByteString.CopyFrom(hash.GetHashAndReset()) }, cancellationToken)
            .ConfigureAwait(false);
    }

    private Task WriteAsync(ImportModelVersionRequest message, CancellationToken cancellationToken)
        => StreamClosedException.WhileOpenAsync(call.RequestStream.WriteAsync(message, cancellationToken));
}
