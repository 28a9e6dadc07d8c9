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
        return await UploadAsync(upload => upload.SendAsync(displayName, photos, cancellationToken), progress, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Uploads a ZIP archive of labelled photos as a data set. The service unpacks and checks it.</summary>
    /// <param name="path">A ZIP file with entries such as <c>rose/1.jpg</c>, or <c>train/rose/1.jpg</c> and <c>val/rose/2.jpg</c>, with at
    /// most one folder around them.</param>
    /// <param name="displayName">A name for people, at most 200 characters; null takes the file's, without its extension.</param>
    /// <param name="progress">Told about every chunk sent; null if nobody cares.</param>
    /// <exception cref="IOException">The file cannot be read. Nothing is stored.</exception>
    /// <exception cref="BitException">InvalidArgument: the archive is refused (ARCHIVE_REFUSED), or fewer than two classes have a good
    /// training photo. Nothing is stored.</exception>
    public async Task<UploadResult> UploadArchiveAsync(
        string path, string? displayName = null, IProgress<UploadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, useAsync: true);
        await using (file.ConfigureAwait(false))
        {
            return await UploadArchiveAsync(file, displayName ?? Path.GetFileNameWithoutExtension(path), progress, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>As the other one, from a stream.</summary>
    /// <param name="archive">Read to its end; stays the caller's.</param>
    /// <param name="displayName">A name for people, at most 200 characters; may be empty.</param>
    /// <param name="progress">Told about every chunk sent; null if nobody cares.</param>
    public Task<UploadResult> UploadArchiveAsync(
        Stream archive, string displayName, IProgress<UploadProgress>? progress = null, CancellationToken cancellationToken = default)
        => UploadAsync(upload => upload.SendArchiveAsync(displayName, archive, cancellationToken), progress, cancellationToken);

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

    /// <summary>Lists what the newest upload of a data set found: the set's and its classes' problems, then the files' in the order sent.
    /// Pages are fetched as they are needed.</summary>
    /// <exception cref="BitException">NotFound: there is no such data set.</exception>
    public IAsyncEnumerable<DatasetProblem> ListDatasetProblemsAsync(string dataset, CancellationToken cancellationToken = default)
        => Pages.WalkAsync(async (token, cancel) =>
        {
            var request = new Wire.ListDatasetProblemsRequest { Parent = ResourceName.Dataset(dataset), PageSize = 1000, PageToken = token };
            var page = await CallAsync(options => _datasets.ListDatasetProblemsAsync(request, options), _options.Deadline, cancel)
                .ConfigureAwait(false);
            return (page.Problems.Select(FromWire), page.NextPageToken);
        }, cancellationToken);

    /// <summary>Deletes a data set. Models that learned from it stay.</summary>
    /// <exception cref="BitException">NotFound: there is no such data set. FailedPrecondition (DATASET_IN_USE): a job that is not done needs
    /// it.</exception>
    public async Task DeleteDatasetAsync(string dataset, CancellationToken cancellationToken = default)
    {
        var request = new Wire.DeleteDatasetRequest { Name = ResourceName.Dataset(dataset) };
        await CallAsync(options => _datasets.DeleteDatasetAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a data set as a self-contained HTML page: thumbnails by class, balance, and what was left out.</summary>
    /// <param name="destination">Receives UTF-8; stays the caller's. After a failure it holds a part of the page.</param>
    /// <exception cref="BitException">NotFound: there is no such data set.</exception>
    public async Task GetDatasetPageAsync(string dataset, Stream destination, CancellationToken cancellationToken = default)
    {
        var request = new Wire.GetDatasetPageRequest { Name = ResourceName.Dataset(dataset) };
        try
        {
            using var call = _datasets.GetDatasetPage(request, Options(_options.PageDeadline, cancellationToken));
            while (await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
                await destination.WriteAsync(call.ResponseStream.Current.Data.Memory, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (Failures.IsOfCall(failure))
        {
            throw Failures.Translate(failure, Address, cancellationToken);
        }
    }

    private async Task<UploadResult> UploadAsync(
        Func<DatasetUpload, Task<Wire.UploadDatasetResponse>> send, IProgress<UploadProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            // Disposing the call before its end cancels it, so that a photo that cannot be read leaves nothing behind.
            using var call = _datasets.UploadDataset(Options(_options.UploadDeadline, cancellationToken));
            var reply = await send(new DatasetUpload(call, _options.ChunkBytes, progress)).ConfigureAwait(false);
            return new UploadResult(
                FromWire(reply.Dataset ?? throw new InvalidDataException("The service stored the upload but did not say as what.")),
                [.. reply.Problems.Select(FromWire)], Math.Max(reply.ProblemCount, reply.Problems.Count));
        }
        catch (Exception failure) when (Failures.IsOfCall(failure))
        {
            throw Failures.Translate(failure, Address, cancellationToken);
        }
    }

    private static DatasetProblem FromWire(Wire.DatasetProblem problem)
        => new(problem.FileName, problem.Label, problem.Reason, problem.Message, (ProblemSeverity)(int)problem.Severity);

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
        ProblemCount = dataset.ProblemCount,
    };
}
