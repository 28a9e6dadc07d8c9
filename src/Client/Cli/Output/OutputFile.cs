namespace BiT.CommandLine;

/// <summary>A file that a command was asked to write: whole or not at all, and an older one stays until the new one is whole.</summary>
internal static class OutputFile
{
    /// <summary>Fails if there is no place for the file, before anything is asked of a server.</summary>
    /// <exception cref="CommandException">The path is a folder's, or its folder does not exist.</exception>
    public static void Check(string path, string option)
    {
        if (path.Length == 0 || Directory.Exists(path) || Path.EndsInDirectorySeparator(path))
        {
            throw new CommandException(ExitCodes.Usage, "NOT_A_FILE",
                $"{option} names the folder '{path}'; expected a file, for example {Path.Combine(path, "page.html")}.");
        }
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new CommandException(ExitCodes.Usage, "NO_SUCH_FOLDER", $"{option} names '{path}', but there is no folder {folder}. Make it first.");
    }

    /// <summary>Writes it.</summary>
    /// <param name="path">Where; checked before.</param>
    /// <param name="write">Writes the content. If it fails, nothing changes on disk.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static async Task<long> WriteAsync(string path, Func<Stream, Task> write)
    {
        var target = Path.GetFullPath(path);
        var temporary = Path.Combine(
            Path.GetDirectoryName(target) ?? "", $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}.tmp");
        try
        {
            long length;
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await write(file);
                length = file.Length;
            }
            File.Move(temporary, target, overwrite: true);
            return length;
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
