using System.IO.Compression;
using BiT.Client;

namespace BiT.CommandLine.Demo;

/// <summary>A ZIP archive of the person's own, unpacked, for the demo classifies photos that the server has not seen.</summary>
/// <remarks>Any other command sends an archive as it is.</remarks>
internal static class ArchiveFolder
{
    private const int MaxEntries = 200_000;
    private const long MaxBytes = 20L << 30;
    private const string AppleFolder = "__MACOSX";

    /// <summary>Unpacks plain files and reads the folder.</summary>
    /// <param name="archive">A ZIP file.</param>
    /// <param name="folder">Made; receives the files.</param>
    /// <exception cref="CommandException">The archive cannot be read, or is not meant for unpacking.</exception>
    /// <exception cref="PhotoFolderException">It is not a data set.</exception>
    public static PhotoFolder Unpack(string archive, string folder, CancellationToken cancellationToken)
    {
        DatasetInput.RequireArchive(archive);
        var root = Directory.CreateDirectory(folder).FullName;
        try
        {
            using var zip = ZipFile.OpenRead(archive);
            if (zip.Entries.Count > MaxEntries)
                throw Refused(archive, $"it has {zip.Entries.Count:N0} entries (at most {MaxEntries:N0})");
            var bytes = 0L;
            foreach (var entry in zip.Entries)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var path = PathOf(entry, archive, root);
                if (IsFile(entry))
                    bytes += Unpack(entry, path, archive, MaxBytes - bytes);
            }
        }
        catch (InvalidDataException damage)
        {
            throw Refused(archive, damage.Message.TrimEnd('.'));
        }
        var inner = Directory.GetDirectories(root);
        // One folder around the classes, as people pack them.
        var hasWrapper = inner is [var only] && Path.GetFileName(only) != "train" && Directory.GetDirectories(only).Length > 0;
        return PhotoFolder.Read(hasWrapper ? inner[0] : root);
    }

    private static bool IsFile(ZipArchiveEntry entry) => entry.Name.Length > 0
        && !entry.FullName.Split('/').Any(part => part == AppleFolder || (part.StartsWith('.') && part != "."));

    private static string PathOf(ZipArchiveEntry entry, string archive, string root)
    {
        var path = entry.FullName.Contains('\0', StringComparison.Ordinal) ? "" : Path.GetFullPath(Path.Combine(root, entry.FullName));
        return path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) && !entry.FullName.Contains('\\', StringComparison.Ordinal)
            ? path
            : throw Refused(archive, $"its entry '{entry.FullName}' leads out of it");
    }

    private static long Unpack(ZipArchiveEntry entry, string path, string archive, long bytesLeft)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? "/");
        using var content = entry.Open();
        // CreateNew: an entry never writes over another.
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        var buffer = new byte[1 << 16];
        for (int read; (read = content.Read(buffer)) > 0;)
        {
            if (file.Length + read > bytesLeft)
                throw Refused(archive, $"it unpacks to more than {Show.Bytes(MaxBytes)}");
            file.Write(buffer, 0, read);
        }
        return file.Length;
    }

    private static CommandException Refused(string archive, string why) => new(ExitCodes.Refused, "NOT_A_DATASET",
        $"The archive {archive} is refused: {why}.");
}
