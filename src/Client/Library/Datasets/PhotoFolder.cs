namespace BiT.Client;

/// <summary>A photo on disk, with its class.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="FileName">Its name in reports, relative to the folder that was read, with slashes.</param>
/// <param name="Label">Its class.</param>
/// <param name="Split">The part it belongs to.</param>
/// <param name="ByteCount">Its size when the folder was read.</param>
public sealed record PhotoFile(string Path, string FileName, string Label, Split Split, long ByteCount);

/// <summary>A folder that cannot be read as a data set. The message names the folder and the cure.</summary>
public sealed class PhotoFolderException(string message) : Exception(message);

/// <summary>Labelled photos in a folder.</summary>
/// <remarks>
/// A folder whose subfolders are exactly <c>train</c> and <c>val</c> is a given split, with one folder per class in each.
/// Any other folder holds one folder per class, and the split is left open. Class folders are read with all that is below
/// them; hidden files and folders (name begins with a dot) are left out, and so are files beside the class folders.
/// Whether a file is an image is for the service to say.
/// </remarks>
public sealed class PhotoFolder
{
    /// <summary>Subfolders deeper than this below a class are refused: a loop of links, most likely.</summary>
    public const int MaxDepth = 16;

    private const string TrainName = "train";
    private const string ValidationName = "val";

    private PhotoFolder(string path, IReadOnlyList<PhotoFile> photos, bool isSplit)
    {
        Path = path;
        Photos = photos;
        IsSplit = isSplit;
        Labels = [.. photos.Select(photo => photo.Label).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The folder, as a full path.</summary>
    public string Path { get; }

    /// <summary>All photos, ordered by split, class and name.</summary>
    public IReadOnlyList<PhotoFile> Photos { get; }

    /// <summary>Class names in ordinal order.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>True if the folder says which photos are for training and which for validation.</summary>
    public bool IsSplit { get; }

    /// <summary>Reads the names in a folder; the photos stay on disk.</summary>
    /// <exception cref="PhotoFolderException">There is no such folder, or it is not a data set of two classes or more.</exception>
    public static PhotoFolder Read(string path)
    {
        var root = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(root))
            throw new PhotoFolderException(File.Exists(root)
                ? $"{path} is a file. Expected a folder with one subfolder of photos per class."
                : $"There is no folder {path}. Expected a folder with one subfolder of photos per class.");
        try
        {
            var subfolders = VisibleFolders(root);
            var isSplit = subfolders.Select(folder => folder.Name).Order(StringComparer.Ordinal).SequenceEqual([TrainName, ValidationName]);
            var photos = isSplit ? ReadSplit(root) : ReadClasses(root, root, Split.Unspecified);
            if (!isSplit)
                RefuseMisreadSplit(path, subfolders);
            CheckClasses(path, isSplit, photos);
            return new PhotoFolder(root, photos, isSplit);
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or IOException)
        {
            throw new PhotoFolderException($"{path} cannot be read: {failure.Message}");
        }
    }

    private static List<PhotoFile> ReadSplit(string root)
    {
        var train = ReadClasses(root, System.IO.Path.Combine(root, TrainName), Split.Train);
        var validation = ReadClasses(root, System.IO.Path.Combine(root, ValidationName), Split.Validation);
        if (validation.Count == 0)
            throw new PhotoFolderException(
                $"{System.IO.Path.Combine(root, ValidationName)} holds no class folders with photos. "
                    + "Fill it, or put the class folders directly "
                + $"into {root}: then one fifth of each class is held out.");
        var known = train.Select(photo => photo.Label).ToHashSet(StringComparer.Ordinal);
        if (validation.FirstOrDefault(photo => !known.Contains(photo.Label)) is { } stray)
            throw new PhotoFolderException(
                $"Class '{stray.Label}' is in {ValidationName}/ but not in {TrainName}/ of {root}: it could never be learned. "
                + $"Add {TrainName}/{stray.Label} or remove {ValidationName}/{stray.Label}.");
        return [.. train, .. validation];
    }

    private static List<PhotoFile> ReadClasses(string root, string parent, Split split)
    {
        var photos = new List<PhotoFile>();
        foreach (var folder in VisibleFolders(parent))
        {
            var before = photos.Count;
            Collect(root, folder, folder.Name, split, photos, depth: 0);
            if (photos.Count == before)
                throw new PhotoFolderException(
                    $"Class folder {folder.FullName} holds no files. Add photos of '{folder.Name}' or remove the folder.");
        }
        return photos;
    }

    private static void Collect(string root, DirectoryInfo folder, string label, Split split, List<PhotoFile> photos, int depth)
    {
        if (depth > MaxDepth)
            throw new PhotoFolderException(
                $"{folder.FullName} lies more than {MaxDepth} folders below its class. Remove the loop of links or flatten it.");
        foreach (var file in folder.EnumerateFiles().Where(IsVisible).OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            if (file.LinkTarget is { } target && file.ResolveLinkTarget(returnFinalTarget: true) is not { Exists: true })
                throw new PhotoFolderException($"{file.FullName} is a link to {target}, where there is no file. Mend or remove it.");
            var name = System.IO.Path.GetRelativePath(root, file.FullName).Replace('\\', '/');
            photos.Add(new PhotoFile(file.FullName, name, label, split, file.Length));
        }
        foreach (var subfolder in VisibleFolders(folder.FullName))
            Collect(root, subfolder, label, split, photos, depth + 1);
    }

    // train/ + val/ + test/, or train/ alone, would silently become the classes "train", "val" and "test".
    private static void RefuseMisreadSplit(string path, List<DirectoryInfo> subfolders)
    {
        var train = subfolders.Find(folder => folder.Name == TrainName);
        if (train is null || train.EnumerateFiles().Any(IsVisible))
            return;
        throw new PhotoFolderException(
            $"{path} has the subfolders {string.Join(", ", subfolders.Select(folder => folder.Name))}, "
                + $"and '{TrainName}' holds only folders. "
            + $"A given split has exactly {TrainName}/ and {ValidationName}/. "
            + $"Rename or move the others, or name {System.IO.Path.Combine(path, TrainName)}.");
    }

    private static void CheckClasses(string path, bool isSplit, List<PhotoFile> photos)
    {
        var labels = photos.Where(photo => photo.Split != Split.Validation)
            .Select(photo => photo.Label).Distinct(StringComparer.Ordinal).ToList();
        var where = isSplit ? System.IO.Path.Combine(path, TrainName) : path;
        if (labels.Count == 0)
            throw new PhotoFolderException($"{where} has no subfolders. Expected one subfolder of photos per class, at least two.");
        if (labels.Count == 1)
            throw new PhotoFolderException(
                $"{where} has one class only, '{labels[0]}'. A classifier needs at least two: add a subfolder for each other class.");
    }

    private static List<DirectoryInfo> VisibleFolders(string path)
        => [.. new DirectoryInfo(path).EnumerateDirectories().Where(IsVisible).OrderBy(folder => folder.Name, StringComparer.Ordinal)];

    private static bool IsVisible(FileSystemInfo entry)
        => !entry.Name.StartsWith('.') && (OperatingSystem.IsWindows() ? !entry.Attributes.HasFlag(FileAttributes.Hidden) : true);
}
