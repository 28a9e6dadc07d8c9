namespace BiT.Training.Pretraining;

/// <summary>Where labelled photos lie: a folder or a zip file with one folder per class, read in place.</summary>
internal abstract class PhotoSource : IDisposable
{
    /// <summary>More photos than this in one source are refused: their names alone would fill the memory.</summary>
    public const int MaxPhotos = 20_000_000;

    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"];

    /// <summary>The photos, in no particular order.</summary>
    public abstract IReadOnlyList<SourcePhoto> Photos { get; }

    /// <summary>Files that are no photos in a class folder, by name and extension.</summary>
    public abstract int OtherFiles { get; }

    /// <summary>Reads a photo's bytes. Safe for several threads.</summary>
    /// <param name="index">Position in <see cref="Photos"/>.</param>
    /// <exception cref="InvalidDataException">The photo is damaged, larger than <see cref="ReadLimits.MaxPhotoBytes"/> or cannot be
    /// unpacked; the other photos are not affected.</exception>
    public abstract byte[] Read(int index);

    public abstract void Dispose();

    /// <summary>Opens a folder or a zip file.</summary>
    /// <exception cref="PhotoSetException">There is nothing of that name, or it is no whole zip file.</exception>
    public static PhotoSource Open(string path)
    {
        if (Directory.Exists(path))
            return FolderPhotos.Open(path);
        return File.Exists(path)
            ? ZipPhotos.Open(path)
            : throw new PhotoSetException($"There is no folder or zip file {path}. Expected one with a folder of photos per class.");
    }

    /// <summary>A photo from its path below the root, or null if it is none: the first folder is the class, hidden and foreign files are
    /// left out.</summary>
    /// <param name="path">With / or \ between names.</param>
    /// <param name="bytes">Size of the file.</param>
    protected static SourcePhoto? FromPath(string path, long bytes)
    {
        var names = path.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries);
        // A dot hides a file on Unix; macOS puts ._name and __MACOSX beside what it packs. It also ends what a hostile ".." begins.
        if (names.Length < 2 || names[0] == "__MACOSX" || names.Any(name => name[0] == '.'))
            return null;
        return Extensions.Contains(Path.GetExtension(names[^1]), StringComparer.OrdinalIgnoreCase)
            ? new SourcePhoto(string.Intern(names[0]), string.Join('/', names[1..]), bytes)
            : null;
    }
}

/// <summary>A photo of a source.</summary>
/// <param name="Label">Its class: the name of the folder.</param>
/// <param name="Name">Its path below the class folder.</param>
/// <param name="Bytes">Size of the file.</param>
internal sealed record SourcePhoto(string Label, string Name, long Bytes);

/// <summary>Photos that cannot be trained on as they are. The message names the place and the cure.</summary>
internal sealed class PhotoSetException : Exception
{
    public PhotoSetException(string message)
        : base(message)
    {
    }

    public PhotoSetException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
