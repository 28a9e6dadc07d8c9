using System.Globalization;

namespace BiT.Training.Pretraining;

/// <summary>A text file that lists classes, one per line: the name of the class folder, then, after a tab, whatever is to be said about it.</summary>
internal static class ClassList
{
    /// <summary>Reads a part of a list.</summary>
    /// <param name="path">The file.</param>
    /// <param name="range"><c>FIRST-LAST</c>, counted from 1, both included; null takes all.</param>
    /// <exception cref="PhotoSetException">The file or the range cannot be used.</exception>
    public static IReadOnlyList<string> Read(string path, string? range)
    {
        if (!File.Exists(path))
            throw new PhotoSetException($"There is no file {path}. Expected a list of class folders, one per line.");
        var names = File.ReadLines(path).Select(line => line.Split('\t')[0].Trim()).Where(name => name.Length > 0).ToArray();
        if (names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new PhotoSetException($"{path} lists class {twice.Key} more than once.");
        var (first, last) = range is null ? (1, names.Length) : Range(range, names.Length, path);
        return last - first + 1 >= 2
            ? names[(first - 1)..last]
            : throw new PhotoSetException($"{path} gives {Math.Max(0, last - first + 1)} classes; expected at least 2.");
    }

    private static (int First, int Last) Range(string range, int count, string path)
    {
        var ends = range.Split('-');
        if (ends.Length == 2 && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) && first >= 1 && first <= last && last <= count)
            return (first, last);
        throw new PhotoSetException($"--class-range is '{range}'; expected FIRST-LAST within 1-{count}, the classes of {path}.");
    }
}
