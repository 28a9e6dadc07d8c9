using System.Security.Cryptography;
using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Client;

/// <summary>Sends photos, or an archive of them, over one upload stream, one buffer at a time; hashes on the way.</summary>
internal sealed class DatasetUpload(
    AsyncClientStreamingCall<UploadDatasetRequest, UploadDatasetResponse> call, int chunkBytes, IProgress<UploadProgress>? progress)
{
    // Reports per upload: enough for a smooth bar, few enough for a million thumbnails.
    private const int MaxReports = 1000;

    // Written before the previous WriteAsync has completed would be a data race: writes are awaited, so one buffer serves all.
    private readonly byte[] _buffer = new byte[chunkBytes];
    private UploadProgress _state = new(0, 0, 0, 0);

    /// <summary>Sends photos one after the other, each with its checksum behind it.</summary>
    internal Task<UploadDatasetResponse> SendAsync(string displayName, IReadOnlyList<PhotoFile> photos, CancellationToken cancellationToken)
    {
        _state = new UploadProgress(0, photos.Count, 0, photos.Sum(photo => photo.ByteCount));
        return SendAsync(new DatasetHeader { DisplayName = displayName }, async () =>
        {
            var interval = Math.Max(1, photos.Count / MaxReports);
            foreach (var photo in photos)
            {
                await SendPhotoAsync(photo, cancellationToken).ConfigureAwait(false);
                _state = _state with { PhotosSent = _state.PhotosSent + 1 };
                if (_state.PhotosSent % interval == 0 || _state.PhotosSent == photos.Count)
                    progress?.Report(_state);
            }
        }, cancellationToken);
    }

    /// <summary>Sends an archive and its checksum.</summary>
    internal Task<UploadDatasetResponse> SendArchiveAsync(string displayName, Stream archive, CancellationToken cancellationToken)
    {
        _state = new UploadProgress(0, 0, 0, archive.CanSeek ? archive.Length - archive.Position : 0);
        return SendAsync(
            new DatasetHeader { DisplayName = displayName, Archive = ArchiveFormat.Zip },
            () => SendBytesAsync(archive, () => progress?.Report(_state), cancellationToken),
            cancellationToken);
    }

    private async Task<UploadDatasetResponse> SendAsync(DatasetHeader header, Func<Task> sendContent, CancellationToken cancellationToken)
    {
        progress?.Report(_state);
        try
        {
            await WriteAsync(new UploadDatasetRequest { Header = header }, cancellationToken).ConfigureAwait(false);
            await sendContent().ConfigureAwait(false);
            await StreamClosedException.WhileOpenAsync(call.RequestStream.CompleteAsync()).ConfigureAwait(false);
        }
        catch (StreamClosedException)
        {
            // The reply below has the true reason.
        }
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    private async Task SendPhotoAsync(PhotoFile photo, CancellationToken cancellationToken)
    {
        using var file = new FileStream(photo.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, useAsync: true);
        await WriteAsync(new UploadDatasetRequest
        {
            Photo = new PhotoHeader
            {
                FileName = photo.FileName,
                Label = photo.Label,
                Split = (Protocol.V1.Split)photo.Split,
                ByteCount = file.Length,
            },
        }, cancellationToken).ConfigureAwait(false);
        await SendBytesAsync(file, () => { }, cancellationToken).ConfigureAwait(false);
    }

    private async Task SendBytesAsync(Stream content, Action sent, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (await content.ReadAtLeastAsync(_buffer, _buffer.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false) is > 0 and var count)
        {
            hash.AppendData(_buffer, 0, count);
            var chunk = UnsafeByteOperations.UnsafeWrap(_buffer.AsMemory(0, count));
            await WriteAsync(new UploadDatasetRequest { Chunk = chunk }, cancellationToken).ConfigureAwait(false);
            _state = _state with { BytesSent = _state.BytesSent + count };
            sent();
        }
        var trailer = new UploadTrailer { Sha256 = UnsafeByteOperations.UnsafeWrap(hash.GetHashAndReset()) };
        await WriteAsync(new UploadDatasetRequest { Trailer = trailer }, cancellationToken).ConfigureAwait(false);
    }

    private Task WriteAsync(UploadDatasetRequest request, CancellationToken cancellationToken)
        => StreamClosedException.WhileOpenAsync(call.RequestStream.WriteAsync(request, cancellationToken));
}
