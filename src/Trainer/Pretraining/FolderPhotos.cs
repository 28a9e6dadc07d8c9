namespace BiT.Training.Pretraining;

/// <summary>Photos in a folder on disk.</summary>
internal sealed class FolderPhotos : PhotoSource
{
    private readonly string _root;

    private FolderPhotos(string root, IReadOnlyList<SourcePhoto> photos, int otherFiles)
    {
        _root = root;
        Photos = photos;
        OtherFiles = otherFiles;
    }

    public override IReadOnlyList<SourcePhoto> Photos { get; }

    public override int OtherFiles { get; }

    public static new FolderPhotos Open(string path)
    {
        var root = Path.GetFullPath(path);
        // Links are not followed: they may lead in circles.
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.ReparsePoint };
        var photos = new List<SourcePhoto>();
        var others = 0;
        foreach (var file in new DirectoryInfo(root).EnumerateFiles("*", options))
        {
            if (FromPath(Path.GetRelativePath(root, file.FullName), file.Length) is { } photo)
                photos.Add(photo);
            else
                others++;
            if (photos.Count > MaxPhotos)
                throw new PhotoSetException($"{path} holds more than {MaxPhotos:N0} photos. Train on a part of them.");
        }
        return new FolderPhotos(root, photos, others);
    }

    public override byte[] Read(int index)
    {
        var photo = Photos[index];
        using var file = File.OpenHandle(Path.Combine(_root, photo.Label, photo.Name), FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.None);
        var length = RandomAccess.GetLength(file);
        ReadLimits.Check(length);
        var content = new byte[length];
        for (var done = 0; done < content.Length;)
        {
            var read = RandomAccess.Read(file, content.AsSpan(done), done);
            if (read == 0)
                throw new InvalidDataException($"It ends after {done:N0} of {length:N0} bytes.");
            done += read;
        }
        return content;
    }

    public override void Dispose()
    {
    }
}
