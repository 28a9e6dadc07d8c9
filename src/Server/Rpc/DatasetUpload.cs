using BiT.Core.Imaging;
using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Startup;
using static BiT.Protocol.V1.UploadDatasetRequest;
using Split = BiT.Core.Store.Split;

namespace BiT.Serving.Rpc;

/// <summary>One upload: takes the messages of the stream in order, stores every good photo as it comes and lists the others.</summary>
/// <remarks>Memory: one encoded photo, and a line per photo. File names are text for reports; no path is made of them.</remarks>
internal sealed class DatasetUpload(Workspace workspace, PhotoCheck check, LimitOptions limits)
{
    private const int MaxDisplayNameLength = 200;
    private const int MaxFileNameLength = 400;
    private const int MaxLabelLength = 200;
    private const int RejectedInMessage = 3;

    private readonly List<Photo> _photos = [];
    private readonly List<DatasetProblem> _rejected = [];
    private readonly HashSet<string> _labels = new(StringComparer.Ordinal);
    private readonly MemoryStream _content = new();
    private DatasetHeader? _header;
    private PhotoHeader? _photo;
    private long _photoBytes;
    private long _datasetBytes;

    /// <summary>Takes the next message.</summary>
    /// <exception cref="InvalidRequestException">It breaks the order, or a limit on the whole data set.</exception>
    public Task AddAsync(UploadDatasetRequest message, CancellationToken cancellationToken)
    {
        switch (message.PartCase)
        {
            case PartOneofCase.Header:
                Begin(message.Header);
                return Task.CompletedTask;
            case PartOneofCase.Photo:
                return BeginPhotoAsync(message.Photo, cancellationToken);
            case PartOneofCase.Chunk:
                AddChunk(message.Chunk.Span);
                return Task.CompletedTask;
            default:
                throw FieldViolations.Single("part", "is not set; expected header, photo or chunk.");
        }
    }

    /// <summary>Stores the data set.</summary>
    /// <exception cref="InvalidDatasetException">Fewer than two classes with a good training photo remain.</exception>
    public async Task<UploadDatasetResponse> FinishAsync(CancellationToken cancellationToken)
    {
        if (_header is null)
            throw FieldViolations.Single("header", "is missing: the stream ended without a message. Begin it with one header.");
        await EndPhotoAsync(cancellationToken);
        var response = new UploadDatasetResponse { Dataset = DatasetMessages.Of(Save(_header.DisplayName)) };
        response.Problems.AddRange(_rejected);
        response.ProblemCount = _rejected.Count;
        return response;
    }

    private DatasetRecord Save(string displayName)
    {
        try
        {
            return workspace.Datasets.Save(displayName, _photos);
        }
        catch (InvalidDatasetException failure) when (_rejected.Count > 0)
        {
            var first = _rejected.Take(RejectedInMessage).Select(photo => $"{FieldViolations.Quote(photo.FileName)} ({photo.Reason})");
            throw new InvalidDatasetException($"{failure.Message} {_rejected.Count} file(s) could not be used: "
                + $"{string.Join(", ", first)}{(_rejected.Count > RejectedInMessage ? ", ..." : "")}.");
        }
    }

    private void Begin(DatasetHeader header)
    {
        if (_header is not null)
            throw FieldViolations.Single("header", "came a second time; expected one, as the first message.");
        var violations = new FieldViolations();
        violations.RequireLength(header.DisplayName, "header.display_name", 0, MaxDisplayNameLength);
        violations.ThrowIfAny();
        _header = header;
    }

    private async Task BeginPhotoAsync(PhotoHeader photo, CancellationToken cancellationToken)
    {
        if (_header is null)
            throw FieldViolations.Single("photo", "came before the header; expected one header as the first message.");
        await EndPhotoAsync(cancellationToken);
        var violations = new FieldViolations();
        violations.RequireLength(photo.FileName, "photo.file_name", 0, MaxFileNameLength);
        violations.RequireLength(photo.Label, "photo.label", 1, MaxLabelLength);
        violations.Require(Enum.IsDefined(photo.Split), "photo.split",
            $"is {(int)photo.Split}; expected 0 (the service decides), 1 (train) or 2 (validation).");
        violations.Require(photo.ByteCount >= 0, "photo.byte_count", $"is {photo.ByteCount}; expected 0 (unknown) or more.");
        violations.Require(_photos.Count + _rejected.Count < limits.MaxDatasetPhotos, "photo",
            $"is one more than MaxDatasetPhotos = {limits.MaxDatasetPhotos}. Upload fewer photos or raise the limit.");
        _labels.Add(photo.Label);
        violations.Require(_labels.Count <= limits.MaxDatasetClasses, "photo.label",
            $"makes more classes than MaxDatasetClasses = {limits.MaxDatasetClasses}. Use fewer labels or raise the limit.");
        violations.ThrowIfAny();
        _photo = photo;
        _photoBytes = 0;
        _content.SetLength(0);
    }

    private void AddChunk(ReadOnlySpan<byte> chunk)
    {
        if (_photo is null)
            throw FieldViolations.Single("chunk", "came before a photo; expected a photo message that says whose bytes they are.");
        _photoBytes += chunk.Length;
        _datasetBytes += chunk.Length;
        if (_datasetBytes > limits.MaxDatasetBytes)
        {
            throw FieldViolations.Single("chunk",
                $"makes the data set larger than MaxDatasetBytes = {limits.MaxDatasetBytes:N0}. "
                + "Upload fewer or smaller photos or raise the limit.");
        }
        // A photo that is too large is counted to its end, not kept.
        if (_photoBytes <= limits.MaxImageBytes)
            _content.Write(chunk);
        else
            _content.SetLength(0);
    }

    private async Task EndPhotoAsync(CancellationToken cancellationToken)
    {
        if (_photo is not { } photo)
            return;
        _photo = null;
        try
        {
            _photos.Add(await StoreAsync(photo, cancellationToken));
        }
        catch (ImageRejectedException rejected)
        {
            Reject(photo, rejected.Problem.ToReason(), rejected.Message);
        }
        catch (ByteCountException mismatch)
        {
            Reject(photo, "BYTE_COUNT_MISMATCH", mismatch.Message);
        }
    }

    private async Task<Photo> StoreAsync(PhotoHeader photo, CancellationToken cancellationToken)
    {
        if (photo.ByteCount > 0 && photo.ByteCount != _photoBytes)
            throw new ByteCountException(
                $"The photo was announced with {photo.ByteCount:N0} bytes and came with {_photoBytes:N0}. Was the file being written?");
        if (_photoBytes > limits.MaxImageBytes)
        {
            throw new ImageRejectedException(ImageProblem.TooManyBytes,
                $"The image has {_photoBytes:N0} bytes; the limit is MaxImageBytes = {limits.MaxImageBytes:N0}. "
                + "Compress it or raise the limit.");
        }
        var header = await check.ReadAsync(_content.GetBuffer().AsMemory(0, (int)_content.Length), cancellationToken);
        _content.Position = 0;
        var blob = await workspace.Blobs.PutAsync(_content, cancellationToken);
        return new Photo(photo.FileName, photo.Label, (Split)(int)photo.Split, blob, header.Width, header.Height, _photoBytes);
    }

    private void Reject(PhotoHeader photo, string reason, string message)
    {
        _rejected.Add(new DatasetProblem
        {
            FileName = photo.FileName, Label = photo.Label, Reason = reason, Message = message, Severity = ProblemSeverity.LeftOut,
        });
        if (_rejected.Count > limits.MaxRejectedPhotos)
        {
            throw FieldViolations.Single("photo",
                $"is unusable, the {_rejected.Count}th of this upload; the limit is MaxRejectedPhotos = {limits.MaxRejectedPhotos}. "
                + $"Is this a folder of photos? The last one, {FieldViolations.Quote(photo.FileName)}: {message}");
        }
    }

    private sealed class ByteCountException(string message) : Exception(message);
}
