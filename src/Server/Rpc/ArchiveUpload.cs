using System.Security.Cryptography;
using BiT.Core.Store;
using BiT.Serving.Archives;
using BiT.Serving.Startup;

namespace BiT.Serving.Rpc;

/// <summary>An archive on its way: kept in a temporary file until it is whole, then read entry by entry.</summary>
internal sealed class ArchiveUpload(Workspace workspace, LimitOptions limits) : IDisposable
{
    private readonly SpoolFile _spool = workspace.CreateSpool();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <exception cref="InvalidRequestException">The archive is larger than a data set may be.</exception>
    public void Append(ReadOnlySpan<byte> chunk)
    {
        if (_spool.Content.Length + chunk.Length > limits.MaxDatasetBytes)
        {
            throw FieldViolations.Single("chunk", $"makes the archive larger than MaxDatasetBytes = {limits.MaxDatasetBytes:N0}. "
                + "Upload fewer or smaller photos or raise the limit.");
        }
        _hash.AppendData(chunk);
        _spool.Content.Write(chunk);
    }

    /// <exception cref="ArchiveChecksumException">Other bytes came than were sent.</exception>
    public void Verify(ReadOnlySpan<byte> expected)
    {
        Span<byte> actual = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetCurrentHash(actual);
        if (!actual.SequenceEqual(expected))
        {
            throw new ArchiveChecksumException($"The archive arrived with the sha256 {Convert.ToHexStringLower(actual)}, and was sent with "
                + $"{Convert.ToHexStringLower(expected)}: it was damaged or changed on its way. Send it again.");
        }
    }

    /// <summary>Takes in every photo.</summary>
    /// <exception cref="ArchiveRefusedException">The archive as a whole cannot be used.</exception>
    public async Task ReadAsync(PhotoIntake intake, CancellationToken cancellationToken)
    {
        _spool.Content.Flush();
        using var archive = PhotoArchive.Open(_spool.Content, limits);
        CheckCounts(archive.Photos);
        using var content = new MemoryStream();
        foreach (var photo in archive.Photos)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (photo.FileName.Length > PhotoIntake.MaxFileNameLength)
            {
                intake.LeaveOut(photo.FileName[..PhotoIntake.MaxFileNameLength], photo.Label, DatasetProblems.NameTooLong,
                    $"The name has {photo.FileName.Length} characters; expected at most {PhotoIntake.MaxFileNameLength}. Shorten it.");
            }
            else if (photo.Label.Length == 0)
            {
                intake.LeaveOut(photo.FileName, "", DatasetProblems.NoClass,
                    "The file lies beside the class folders. If it is a photo to learn from, move it into one of them.");
            }
            else if (photo.ByteCount > limits.MaxImageBytes)
                intake.LeaveOutTooLarge(photo.FileName, photo.Label, photo.ByteCount);
            else if (PhotoArchive.Unpack(photo, content) is { } problem)
                intake.LeaveOut(photo.FileName, photo.Label, problem.Reason, problem.Message);
            else
                await intake.AddAsync(photo.FileName, photo.Label, photo.Split, content, cancellationToken);
        }
    }

    public void Dispose()
    {
        _hash.Dispose();
        _spool.Dispose();
    }

    // Before anything is unpacked: a photo of a stream is refused when it comes, these are all known.
    private void CheckCounts(IReadOnlyList<ArchivePhoto> photos)
    {
        var violations = new FieldViolations();
        violations.Require(photos.Count <= limits.MaxDatasetPhotos, "archive",
            $"has {photos.Count:N0} files; the limit is MaxDatasetPhotos = {limits.MaxDatasetPhotos:N0}. "
            + "Upload fewer photos or raise the limit.");
        var labels = photos.Select(photo => photo.Label).Where(label => label.Length > 0).ToHashSet(StringComparer.Ordinal);
        violations.Require(labels.Count <= limits.MaxDatasetClasses, "archive",
            $"has {labels.Count:N0} class folders; the limit is MaxDatasetClasses = {limits.MaxDatasetClasses:N0}. "
            + "Use fewer labels or raise the limit.");
        foreach (var label in labels)
            violations.RequireLabel(label, "archive");
        violations.ThrowIfAny();
    }
}
