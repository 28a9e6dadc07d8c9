using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    /// <summary>Uploads a folder of labelled photos; see <see cref="PhotoFolder"/> for how it is read.</summary>
    /// <param name="folder">Folder with one subfolder per class, or with exactly train/ and val/.</param>
    /// <param name="displayName">A name for people; null takes the folder's.</param>
    /// <param name="progress">Told about every photo sent, or of every thousandth part of many; null if nobody cares.</param>
    /// <exception cref="PhotoFolderException">The folder is not a data set.</exception>
    /// <exception cref="IOException">A photo cannot be read.</exception>
    /// <exception cref="BitException">InvalidArgument: fewer than two classes with a good training photo. Nothing is stored.</exception>
    public Task<UploadResult> UploadFolderAsync(
        string folder, string? displayName = null, IProgress<UploadProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var photos = PhotoFolder.Read(folder);
        return UploadPhotosAsync(displayName ?? Path.GetFileName(photos.Path), photos.Photos, progress, cancellationToken);
    }

    /// <summary>Uploads photos as a data set. They are read and sent in chunks; memory does not grow with their number or size.</summary>
    /// <param name="displayName">A name for people, at most 200 characters; may be empty.</param>
    /// <param name="photos">The photos, in the order to send.</param>
    /// <param name="progress">Told about every photo sent, or of every thousandth part of many; null if nobody cares.</param>
    /// <exception cref="IOException">A photo cannot be read. Nothing is stored.</exception>
    /// <exception cref="BitException">InvalidArgument: fewer than two classes with a good training photo. Nothing is stored.</exception>
    public async Task<UploadResult> UploadPhotosAsync(
        string displayName, IReadOnlyList<PhotoFile> photos, IProgress<UploadProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        try
        {
            // Disposing the call before its end cancels it, so that a photo that cannot be read leaves nothing behind.
            using var call = _datasets.UploadDataset(Options(_options.UploadDeadline, cancellationToken));
            var reply = await new DatasetUpload(call, _options.ChunkBytes, progress).SendAsync(displayName, photos, cancellationToken)
                .ConfigureAwait(false);
            return new UploadResult(
                FromWire(reply.Dataset ?? throw new InvalidDataException("The service stored the upload but did not say as what.")),
                [.. reply.Problems.Select(photo => new RejectedPhoto(photo.FileName, photo.Label, photo.Reason, photo.Message))]);
        }
        catch (Exception failure) when (Failures.IsOfCall(failure))
        {
            throw Failures.Translate(failure, Address, cancellationToken);
        }
    }

    /// <summary>Returns one data set.</summary>
    /// <exception cref="BitException">NotFound: there is no such data set.</exception>
    public async Task<Dataset> GetDatasetAsync(string dataset, CancellationToken cancellationToken = default)
    {
        var request = new Wire.GetDatasetRequest { Name = ResourceName.Dataset(dataset) };
        return FromWire(await CallAsync(options => _datasets.GetDatasetAsync(request, options), _options.Deadline, cancellationToken)
            .ConfigureAwait(false));
    }

    /// <summary>Lists data sets, newest first; pages are fetched as they are needed.</summary>
    public IAsyncEnumerable<Dataset> ListDatasetsAsync(CancellationToken cancellationToken = default)
        => Pages.WalkAsync(async (token, cancel) =>
        {
            var request = new Wire.ListDatasetsRequest { PageToken = token };
            var page = await CallAsync(options => _datasets.ListDatasetsAsync(request, options), _options.Deadline, cancel)
                .ConfigureAwait(false);
            return (page.Datasets.Select(FromWire), page.NextPageToken);
        }, cancellationToken);

    private static Dataset FromWire(Wire.Dataset dataset) => new()
    {
        Name = dataset.Name,
        DisplayName = dataset.DisplayName,
        CreateTime = dataset.CreateTime?.ToDateTimeOffset(),
        Classes = [.. dataset.Classes.Select(c => new DatasetClass(c.Label, c.TrainPhotoCount, c.ValidationPhotoCount))],
        TrainPhotoCount = dataset.TrainPhotoCount,
        ValidationPhotoCount = dataset.ValidationPhotoCount,
        ByteCount = dataset.ByteCount,
        MedianArea = dataset.MedianArea,
    };
}
