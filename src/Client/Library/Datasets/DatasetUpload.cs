using BiT.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Client;

/// <summary>Sends photos over one upload stream, one buffer at a time.</summary>
internal sealed class DatasetUpload(
    AsyncClientStreamingCall<UploadDatasetRequest, UploadDatasetResponse> call, int chunkBytes, IProgress<UploadProgress>? progress)
{
    // Reports per upload: enough for a smooth bar, few enough for a million thumbnails.
    private const int MaxReports = 1000;

    // Written before the previous WriteAsync has completed would be a data race: writes are awaited, so one buffer serves all.
    private readonly byte[] _buffer = new byte[chunkBytes];
    private UploadProgress _state = new(0, 0, 0, 0);

    internal async Task<UploadDatasetResponse> SendAsync(
        string displayName, IReadOnlyList<PhotoFile> photos, CancellationToken cancellationToken)
    {
        _state = new UploadProgress(0, photos.Count, 0, photos.Sum(photo => photo.ByteCount));
        progress?.Report(_state);
        try
        {
            await WriteAsync(new UploadDatasetRequest { Header = new DatasetHeader { DisplayName = displayName } }, cancellationToken)
                .ConfigureAwait(false);
            var interval = Math.Max(1, photos.Count / MaxReports);
            foreach (var photo in photos)
            {
                await SendAsync(photo, cancellationToken).ConfigureAwait(false);
                _state = _state with { PhotosSent = _state.PhotosSent + 1 };
                if (_state.PhotosSent % interval == 0 || _state.PhotosSent == photos.Count)
                    progress?.Report(_state);
            }
            await StreamClosedException.WhileOpenAsync(call.RequestStream.CompleteAsync()).ConfigureAwait(false);
        }
        catch (StreamClosedException)
        {
            // The reply below has the true reason.
        }
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    private async Task SendAsync(PhotoFile photo, CancellationToken cancellationToken)
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
        while (await file.ReadAtLeastAsync(_buffer, _buffer.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false) is > 0 and var count)
        {
            var chunk = UnsafeByteOperations.UnsafeWrap(_buffer.AsMemory(0, count));
            await WriteAsync(new UploadDatasetRequest { Chunk = chunk }, cancellationToken).ConfigureAwait(false);
            _state = _state with { BytesSent = _state.BytesSent + count };
        }
    }

    private Task WriteAsync(UploadDatasetRequest request, CancellationToken cancellationToken)
        => StreamClosedException.WhileOpenAsync(call.RequestStream.WriteAsync(request, cancellationToken));
}
