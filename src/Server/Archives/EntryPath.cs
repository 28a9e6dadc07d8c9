namespace BiT.Serving.Archives;

/// <summary>The name of an archive's entry, taken apart. It serves as text only, no file is made of it; a name that could do harm elsewhere
/// is refused all the same, for nobody makes such an archive by accident.</summary>
internal static class EntryPath
{
    private const int MaxDepth = 20;
    private const int MaxShownLength = 100;

    // What operating systems leave in folders. Names that begin with a dot are hidden, as in a folder.
    private static readonly HashSet<string> SystemFiles = new(StringComparer.OrdinalIgnoreCase) { "__MACOSX", "Thumbs.db", "desktop.ini" };

    /// <summary>Folder names and file name; a folder's own entry ends with an empty name.</summary>
    /// <exception cref="ArchiveRefusedException">UnsafeName.</exception>
    public static string[] Split(string name)
    {
        if (name.Length == 0)
            throw Unsafe(name, "is empty");
        if (name.Any(char.IsControl))
            throw Unsafe(name, "has control characters");
        if (name.Contains('\\', StringComparison.Ordinal))
            throw Unsafe(name, "has a backslash");
        if (name[0] == '/' || (name.Length >= 2 && name[1] == ':' && char.IsAsciiLetter(name[0])))
            throw Unsafe(name, "is absolute");
        // Some programs write ./rose/1.jpg.
        var parts = name.Split('/').Where(part => part != ".").ToArray();
        if (parts.Contains(".."))
            throw Unsafe(name, "leads out of its folder");
        if (parts.AsSpan(0, Math.Max(0, parts.Length - 1)).Contains(""))
            throw Unsafe(name, "has a folder without a name");
        if (parts.Length > MaxDepth)
            throw Unsafe(name, $"lies in {parts.Length - 1} folders (at most {MaxDepth - 1})");
        return parts;
    }

    /// <summary>Whether an entry is none of the user's photos: hidden, or left there by an operating system.</summary>
    public static bool IsIgnored(string[] parts) => parts.Any(part => part.StartsWith('.') || SystemFiles.Contains(part));

    /// <summary>A name for messages.</summary>
    public static string Quote(string name)
    {
        var shown = name.Length <= MaxShownLength ? name : name[..MaxShownLength] + "...";
        return $"'{new string(shown.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter).ToArray())}'";
    }

    private static ArchiveRefusedException Unsafe(string name, string what) => new(ArchiveProblem.UnsafeName,
        $"The archive's entry {Quote(name)} is refused: its name {what}. Expected relative names with slashes, such as rose/1.jpg. "
        + "Make the archive again with another program.");
}
