using System.Security.Cryptography;
using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Startup;
using static BiT.Protocol.V1.UploadDatasetRequest;
using Split = BiT.Core.Store.Split;

namespace BiT.Serving.Rpc;

/// <summary>One upload: takes the messages of the stream in order, stores every good photo as it comes and lists the others.</summary>
/// <remarks>Memory: one encoded photo, and a line per photo. File names are text for reports; no path is made of them.</remarks>
internal sealed class DatasetUpload(Workspace workspace, PhotoCheck check, LimitOptions limits) : IDisposable
{
    private const int MaxDisplayNameLength = 200;

    private readonly PhotoIntake _intake = new(workspace, check, limits);
    private readonly MemoryStream _content = new();
    // Nothing refers to the photos before the end.
    private readonly BlobHold _hold = workspace.HoldBlobs();
    private readonly HashSet<string> _labels = new(StringComparer.Ordinal);
    private DatasetHeader? _header;
    private ArchiveUpload? _archive;
    private PhotoHeader? _photo;
    private UploadTrailer? _trailer;
    private long _photoBytes;
    private long _datasetBytes;
    private int _photoCount;

    /// <summary>Takes the next message.</summary>
    /// <exception cref="InvalidRequestException">It breaks the order, or a limit on the whole data set.</exception>
    public async Task AddAsync(UploadDatasetRequest message, CancellationToken cancellationToken)
    {
        switch (message.PartCase)
        {
            case PartOneofCase.Header:
                Begin(message.Header);
                break;
            case PartOneofCase.Photo:
                await BeginPhotoAsync(message.Photo, cancellationToken);
                break;
            case PartOneofCase.Chunk:
                AddChunk(message.Chunk.Span);
                break;
            case PartOneofCase.Trailer:
                AddTrailer(message.Trailer);
                break;
            default:
                throw FieldViolations.Single("part", "is not set; expected header, photo, chunk or trailer.");
        }
    }

    /// <summary>Stores the data set.</summary>
    /// <exception cref="DatasetBlockedException">Fewer than two classes with a good training photo remain.</exception>
    /// <exception cref="Archives.ArchiveRefusedException">The archive as a whole cannot be used.</exception>
    public async Task<UploadDatasetResponse> FinishAsync(CancellationToken cancellationToken)
    {
        if (_header is null)
            throw FieldViolations.Single("header", "is missing: the stream ended without a message. Begin it with one header.");
        await EndPhotoAsync(cancellationToken);
        if (_archive is not null)
        {
            if (_trailer is not null)
                _archive.Verify(_trailer.Sha256.Span);
            await _archive.ReadAsync(_intake, cancellationToken);
        }
        var review = _intake.Draft.Review();
        if (review.IsBlocked)
            throw new DatasetBlockedException(review.Problems);
        return DatasetMessages.Of(workspace.Datasets.Save(_header.DisplayName, review.Photos, review.Problems), review.Problems);
    }

    /// <summary>Deletes what was on its way.</summary>
    public void Dispose()
    {
        _archive?.Dispose();
        _content.Dispose();
        _hold.Dispose();
    }

    private void Begin(DatasetHeader header)
    {
        if (_header is not null)
            throw FieldViolations.Single("header", "came a second time; expected one, as the first message.");
        var violations = new FieldViolations();
        violations.RequireLength(header.DisplayName, "header.display_name", 0, MaxDisplayNameLength);
        violations.RequirePrintable(header.DisplayName, "header.display_name");
        violations.Require(Enum.IsDefined(header.Archive), "header.archive",
            $"is {(int)header.Archive}; expected 0 (photos follow) or 1 (a ZIP archive follows).");
        violations.ThrowIfAny();
        _header = header;
        if (header.Archive == ArchiveFormat.Zip)
            _archive = new ArchiveUpload(workspace, limits);
    }

    private async Task BeginPhotoAsync(PhotoHeader photo, CancellationToken cancellationToken)
    {
        if (_header is null)
            throw FieldViolations.Single("photo", "came before the header; expected one header as the first message.");
        if (_archive is not null)
            throw FieldViolations.Single("photo", "came within an archive; expected chunks, as header.archive says.");
        await EndPhotoAsync(cancellationToken);
        var violations = new FieldViolations();
        violations.RequireLength(photo.FileName, "photo.file_name", 0, PhotoIntake.MaxFileNameLength);
        violations.RequireLabel(photo.Label, "photo.label");
        violations.Require(Enum.IsDefined(photo.Split), "photo.split",
            $"is {(int)photo.Split}; expected 0 (the service decides), 1 (train) or 2 (validation).");
        violations.Require(photo.ByteCount >= 0, "photo.byte_count", $"is {photo.ByteCount}; expected 0 (unknown) or more.");
        violations.Require(++_photoCount <= limits.MaxDatasetPhotos, "photo",
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
        if (_trailer is not null)
            throw FieldViolations.Single("chunk", "came after a trailer; expected the next photo, or the end.");
        if (_archive is not null)
        {
            _archive.Append(chunk);
            return;
        }
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

    private void AddTrailer(UploadTrailer trailer)
    {
        if (_trailer is not null || (_archive is null && _photo is null))
            throw FieldViolations.Single("trailer", "does not follow a photo or an archive; expected one at most, behind its chunks.");
        if (trailer.Sha256.Length != SHA256.HashSizeInBytes)
        {
            throw FieldViolations.Single("trailer.sha256",
                $"has {trailer.Sha256.Length} bytes; expected {SHA256.HashSizeInBytes}. Leave the trailer out if there is no checksum.");
        }
        _trailer = trailer;
    }

    private async Task EndPhotoAsync(CancellationToken cancellationToken)
    {
        if (_photo is not { } photo)
            return;
        var trailer = _trailer;
        _photo = null;
        _trailer = null;
        if (photo.ByteCount > 0 && photo.ByteCount != _photoBytes)
        {
            _intake.LeaveOut(photo.FileName, photo.Label, DatasetProblems.ByteCountMismatch,
                $"The photo was announced with {photo.ByteCount:N0} bytes and came with {_photoBytes:N0}. Was the file being written?");
        }
        else if (_photoBytes > limits.MaxImageBytes)
            _intake.LeaveOutTooLarge(photo.FileName, photo.Label, _photoBytes);
        else if (trailer is not null && !SHA256.HashData(Content).AsSpan().SequenceEqual(trailer.Sha256.Span))
        {
            _intake.LeaveOut(photo.FileName, photo.Label, DatasetProblems.ChecksumMismatch,
                $"The photo arrived with the sha256 {Convert.ToHexStringLower(SHA256.HashData(Content))}, and was sent with "
                + $"{Convert.ToHexStringLower(trailer.Sha256.Span)}: it was damaged or changed on its way. Send it again.");
        }
        else
            await _intake.AddAsync(photo.FileName, photo.Label, (Split)(int)photo.Split, _content, cancellationToken);
    }

    private ReadOnlySpan<byte> Content => _content.GetBuffer().AsSpan(0, (int)_content.Length);
}
