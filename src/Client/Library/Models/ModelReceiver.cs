using System.Security.Cryptography;
using BiT.Protocol.V1;
using Grpc.Core;

namespace BiT.Client;

/// <summary>Receives one file of a version and checks it on the way.</summary>
internal sealed class ModelReceiver(IAsyncStreamReader<DownloadModelVersionResponse> messages, IProgress<TransferProgress>? progress)
{
    /// <summary>The first message of the stream.</summary>
    /// <exception cref="InvalidDataException">It is no header.</exception>
    internal async Task<DownloadHeader> ReadHeaderAsync(CancellationToken cancellationToken)
        => await messages.MoveNext(cancellationToken).ConfigureAwait(false)
            && messages.Current.PartCase == DownloadModelVersionResponse.PartOneofCase.Header
            ? messages.Current.Header
            : throw new InvalidDataException("The service began a download without saying what it is.");

    /// <summary>Writes the rest of the stream.</summary>
    /// <exception cref="BitException">DataLoss: what came is not what the header promised.</exception>
    internal async Task CopyAsync(DownloadHeader header, Stream destination, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var done = 0L;
        progress?.Report(new TransferProgress(0, header.ByteCount));
        while (await messages.MoveNext(cancellationToken).ConfigureAwait(false))
        {
            var data = messages.Current.Data.Memory;
            done += data.Length;
            // Nobody's disk is to be filled by a server that goes on for ever.
            if (done > header.ByteCount)
                throw Damaged($"more than the {header.ByteCount:N0} bytes announced came.");
            hash.AppendData(data.Span);
            await destination.WriteAsync(data, cancellationToken).ConfigureAwait(false);
            progress?.Report(new TransferProgress(done, header.ByteCount));
        }
        var sha256 = hash.GetHashAndReset();
        if (done != header.ByteCount || !sha256.AsSpan().SequenceEqual(header.Sha256.Span))
        {
            throw Damaged($"{done:N0} bytes with the sha256 {Convert.ToHexStringLower(sha256)} came; "
                + $"{header.ByteCount:N0} with {Convert.ToHexStringLower(header.Sha256.Span)} were announced.");
        }
    }

    private static BitException Damaged(string problem) => new(
        StatusCode.DataLoss, "CHECKSUM_MISMATCH", $"The download is damaged: {problem} Nothing is kept of it. Try again; if it happens "
            + "again, the server's disk may be failing.");
}
