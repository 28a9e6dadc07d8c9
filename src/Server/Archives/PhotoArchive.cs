using System.Globalization;
using System.IO.Compression;
using BiT.Core.Store;
using BiT.Core.Weights;
using BiT.Serving.Startup;

namespace BiT.Serving.Archives;

/// <summary>A file of an archive that may be a photo.</summary>
/// <param name="FileName">Its name in the archive.</param>
/// <param name="Label">Its class; empty if it lies in no class folder.</param>
/// <param name="Split">The part that it belongs to.</param>
/// <param name="ByteCount">Its length, as the archive declares it.</param>
internal sealed record ArchivePhoto(string FileName, string Label, Split Split, long ByteCount)
{
    internal required ZipArchiveEntry Entry { get; init; }
}

/// <summary>A ZIP file of labelled photos. Everything that can be known without unpacking is checked before anything is unpacked.</summary>
internal sealed class PhotoArchive : IDisposable
{
    // Photos hardly shrink; flat drawings saved as BMP may, a few hundred times. Deflate ends at 1032.
    private const long MaxRatio = 200;
    private const long FreeBytes = 64L << 20;

    // st_mode: the type of a file, and the types that are taken. 0: not made on Unix.
    private const int TypeMask = 0xF000;
    private const int PlainFile = 0x8000;
    private const int Folder = 0x4000;

    private readonly ZipArchive _zip;

    private PhotoArchive(ZipArchive zip, IReadOnlyList<ArchivePhoto> photos)
    {
        _zip = zip;
        Photos = photos;
    }

    /// <summary>All files in the order of the archive, without hidden ones and what operating systems leave in folders.</summary>
    public IReadOnlyList<ArchivePhoto> Photos { get; }

    /// <summary>Reads the directory of an archive.</summary>
    /// <param name="file">Stays the caller's, open until this is disposed.</param>
    /// <exception cref="ArchiveRefusedException">It cannot be read, is hostile, exceeds a limit, or holds no labelled photos.</exception>
    public static PhotoArchive Open(FileStream file, LimitOptions limits)
    {
        ZipDirectory.Check(file, limits.MaxArchiveEntries);
        ZipArchive? zip = null;
        try
        {
            file.Position = 0;
            zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            var files = new List<(ZipArchiveEntry Entry, string[] Parts)>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var entry in zip.Entries)
            {
                var parts = EntryPath.Split(entry.FullName);
                CheckEntry(entry, names.Add(string.Join('/', parts)));
                if (parts[^1].Length > 0 && !EntryPath.IsIgnored(parts))
                    files.Add((entry, parts));
            }
            CheckSizes(zip.Entries, file.Length, limits);
            var layout = ArchiveLayout.Of(files.ConvertAll(item => item.Parts));
            return new PhotoArchive(zip, files.ConvertAll(item =>
            {
                layout.TryRead(item.Parts, out var label, out var split);
                return new ArchivePhoto(string.Join('/', item.Parts), label, split, item.Entry.Length) { Entry = item.Entry };
            }));
        }
        catch (InvalidDataException damage)
        {
            zip?.Dispose();
            throw new ArchiveRefusedException(ArchiveProblem.Damaged,
                $"The archive cannot be read: {damage.Message} Make it again, as a plain ZIP file, and send the whole of it.", damage);
        }
        catch
        {
            zip?.Dispose();
            throw;
        }
    }

    /// <summary>Unpacks a photo.</summary>
    /// <param name="destination">Receives the bytes; emptied before. Never gets more than were declared.</param>
    /// <returns>Null, or why the photo cannot be used: a reason and a message.</returns>
    public static (string Reason, string Message)? Unpack(ArchivePhoto photo, MemoryStream destination)
    {
        destination.SetLength(0);
        try
        {
            using var content = new ChecksumStream(photo.Entry.Open());
            var buffer = new byte[(int)Math.Min(photo.ByteCount + 1, 1 << 16)];
            for (int read; (read = content.Read(buffer)) > 0;)
            {
                if (destination.Length + read > photo.ByteCount)
                    return Mismatch(photo, "more");
                destination.Write(buffer, 0, read);
            }
            if (destination.Length < photo.ByteCount)
                return Mismatch(photo, string.Create(CultureInfo.InvariantCulture, $"{destination.Length:N0}"));
            return content.Checksum == photo.Entry.Crc32 ? null : (DatasetProblems.ChecksumMismatch,
                "The entry's bytes do not have the checksum that the archive declares: the archive is damaged. Make it again.");
        }
        catch (InvalidDataException damage)
        {
            return (DatasetProblems.EntryDamaged,
                $"The entry cannot be unpacked: {damage.Message} Make the archive again, stored or deflated.");
        }
    }

    public void Dispose() => _zip.Dispose();

    private static (string Reason, string Message) Mismatch(ArchivePhoto photo, string came) => (DatasetProblems.ByteCountMismatch,
        $"The archive declares {photo.ByteCount:N0} bytes for the entry, and it holds {came}: the archive is damaged. Make it again.");

    private static void CheckEntry(ZipArchiveEntry entry, bool isNew)
    {
        var name = EntryPath.Quote(entry.FullName);
        if (!isNew)
        {
            throw new ArchiveRefusedException(ArchiveProblem.DuplicateName,
                $"The archive has two entries {name}: which one is meant cannot be known. Make it again with one of each.");
        }
        if (((entry.ExternalAttributes >> 16) & TypeMask) is not (0 or PlainFile or Folder))
        {
            throw new ArchiveRefusedException(ArchiveProblem.NotAFile,
                $"The archive's entry {name} is a link or a special file; expected files and folders. Replace links by what they point to.");
        }
        if (entry.IsEncrypted)
        {
            throw new ArchiveRefusedException(ArchiveProblem.Encrypted,
                $"The archive's entry {name} is encrypted. Make the archive without a password.");
        }
    }

    private static void CheckSizes(IReadOnlyCollection<ZipArchiveEntry> entries, long archiveBytes, LimitOptions limits)
    {
        // Larger ones are never unpacked, so whatever they declare does no harm.
        var unpacked = entries.Where(entry => entry.Length <= limits.MaxImageBytes).Sum(entry => entry.Length);
        var packed = 0L;
        foreach (var entry in entries)
        {
            if (entry.CompressedLength < 0 || entry.CompressedLength > archiveBytes - packed)
            {
                throw new ArchiveRefusedException(ArchiveProblem.Bomb,
                    $"The archive's entries claim more packed bytes than its {archiveBytes:N0}: they overlap. Make it again.");
            }
            packed += entry.CompressedLength;
        }
        if (unpacked > limits.MaxDatasetBytes)
        {
            throw new ArchiveRefusedException(ArchiveProblem.TooManyBytes,
                $"The archive unpacks to {unpacked:N0} bytes; the limit is MaxDatasetBytes = {limits.MaxDatasetBytes:N0}. "
                + "Upload fewer or smaller photos or raise the limit.");
        }
        if (unpacked > FreeBytes + (MaxRatio * archiveBytes))
        {
            throw new ArchiveRefusedException(ArchiveProblem.Bomb,
                $"The archive of {archiveBytes:N0} bytes unpacks to {unpacked:N0}, over {MaxRatio} times as many: no photos shrink so far. "
                + "If these do (flat drawings as BMP), save them as PNG.");
        }
    }
}
