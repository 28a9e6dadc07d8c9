using System.IO.Compression;
using BiT.Core.Weights;

namespace BiT.Training.Pretraining;

/// <summary>Photos in a zip file, stored or deflated. Nothing is unpacked to disk; memory holds the names.</summary>
internal sealed class ZipPhotos : PhotoSource
{
    // An archive is one stream with one position: entries are read one at a time, and decoded at the same time elsewhere.
    private readonly Lock _lock = new();
    private readonly ZipArchive _archive;
    private readonly IReadOnlyList<ZipArchiveEntry> _entries;

    private ZipPhotos(ZipArchive archive, IReadOnlyList<ZipArchiveEntry> entries, IReadOnlyList<SourcePhoto> photos, int otherFiles)
    {
        _archive = archive;
        _entries = entries;
        Photos = photos;
        OtherFiles = otherFiles;
    }

    public override IReadOnlyList<SourcePhoto> Photos { get; }

    public override int OtherFiles { get; }

    public static new ZipPhotos Open(string path)
    {
        ZipArchive? archive = null;
        try
        {
            archive = new ZipArchive(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read), ZipArchiveMode.Read);
            var entries = new List<ZipArchiveEntry>();
            var photos = new List<SourcePhoto>();
            var others = 0;
            if (archive.Entries.Count > MaxPhotos)
                throw new PhotoSetException($"{path} holds more than {MaxPhotos:N0} files. Train on a part of them.");
            foreach (var entry in archive.Entries.Where(entry => !entry.FullName.EndsWith('/')))
            {
                if (FromPath(entry.FullName, entry.Length) is { } photo)
                {
                    entries.Add(entry);
                    photos.Add(photo);
                }
                else
                {
                    others++;
                }
            }
            return new ZipPhotos(archive, entries, photos, others);
        }
        catch (Exception problem)
        {
            archive?.Dispose();
            if (problem is InvalidDataException)
                throw new PhotoSetException($"{path} is no whole zip file: {problem.Message} Expected a folder, or a zip file, with a folder of photos per class.", problem);
            throw;
        }
    }

    public override byte[] Read(int index)
    {
        var entry = _entries[index];
        if (entry.IsEncrypted)
            throw new InvalidDataException("It is encrypted. Pack the photos without a password.");
        ReadLimits.Check(entry.Length);
        var content = new byte[entry.Length];
        lock (_lock)
        {
            using var stream = entry.Open();
            if (stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length || stream.ReadByte() >= 0)
                throw new InvalidDataException($"It does not have the {entry.Length:N0} bytes that the zip file promises.");
        }
        return Crc32.Append(0, content) == entry.Crc32
            ? content
            : throw new InvalidDataException("Its checksum is wrong: the zip file is damaged there.");
    }

    public override void Dispose() => _archive.Dispose();
}
