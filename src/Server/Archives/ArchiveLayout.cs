using BiT.Core.Store;

namespace BiT.Serving.Archives;

/// <summary>Reads labels and splits from the folders of an archive, as the client library does from a folder.</summary>
/// <remarks>One folder per class; or exactly <c>train</c> and <c>val</c> with one folder per class in each; either of them with one folder
/// around. What lies deeper below a class folder belongs to the class.</remarks>
internal sealed class ArchiveLayout
{
    private const string Train = "train";
    private const string Validation = "val";
    private const int MaxShownFolders = 10;

    private readonly int _depth;
    private readonly bool _isSplit;

    private ArchiveLayout(int depth, bool isSplit)
    {
        _depth = depth;
        _isSplit = isSplit;
    }

    /// <param name="files">The names of all files, taken apart.</param>
    /// <exception cref="ArchiveRefusedException">Layout.</exception>
    public static ArchiveLayout Of(IReadOnlyCollection<string[]> files)
    {
        var depth = 0;
        var folders = FoldersAt(files, depth);
        // Not train/ alone: that is half of a split.
        if (folders.Count == 1 && !folders.Contains(Train) && !folders.Contains(Validation) && files.Any(parts => parts.Length > 2))
        {
            depth = 1;
            folders = FoldersAt(files, depth);
        }
        var isSplit = folders.SetEquals([Train, Validation]);
        if (!isSplit && folders.Contains(Train) && !files.Any(parts => parts.Length == depth + 2 && parts[depth] == Train))
        {
            throw Refused($"it has the folders {string.Join(", ", folders.Order(StringComparer.Ordinal).Take(MaxShownFolders))}, and "
                + $"'{Train}' holds only folders. A given split has exactly {Train} and {Validation}: add or rename the others, or pack what is in '{Train}'");
        }
        var layout = new ArchiveLayout(depth, isSplit);
        return files.Any(parts => layout.TryRead(parts, out _, out _)) ? layout : throw Refused("no file lies in a class folder");
    }

    /// <summary>The class and the part of a file.</summary>
    /// <returns>False if it lies in no class folder.</returns>
    public bool TryRead(string[] parts, out string label, out Split split)
    {
        var classDepth = _depth + (_isSplit ? 1 : 0);
        var isInClass = parts.Length >= classDepth + 2;
        label = isInClass ? parts[classDepth] : "";
        split = !_isSplit ? Split.Unspecified : parts[_depth] == Train ? Split.Train : Split.Validation;
        return isInClass;
    }

    private static HashSet<string> FoldersAt(IEnumerable<string[]> files, int depth) =>
        files.Where(parts => parts.Length >= depth + 2).Select(parts => parts[depth]).ToHashSet(StringComparer.Ordinal);

    private static ArchiveRefusedException Refused(string what) => new(ArchiveProblem.Layout,
        $"The archive holds no labelled photos: {what}. Expected entries such as rose/1.jpg and tulip/2.jpg, or train/rose/1.jpg and "
        + "val/rose/2.jpg, with at most one folder around them.");
}
