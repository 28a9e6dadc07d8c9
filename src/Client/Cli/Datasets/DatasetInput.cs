using BiT.Client;

namespace BiT.CommandLine;

/// <summary>What a person names as DATA, as a data set on the server.</summary>
internal static class DatasetInput
{
    public const string FolderRule =
        "A folder, or a ZIP archive, with one subfolder of photos per class; with exactly train/ and val/ it is a given split.";

    // More problems than this are a matter of counting, not of reading.
    private const int MaxProblemsShown = 20;

    /// <summary>A folder or an archive on this machine, uploaded; else a data set of the server.</summary>
    /// <param name="beforeUpload">Called before photos are sent, when they were found to be some; what it throws keeps them here.</param>
    /// <exception cref="CommandException">It is none of them.</exception>
    public static async Task<Dataset> ResolveAsync(
        Terminal terminal, BitClient client, string data, Func<Task> beforeUpload, CancellationToken cancellationToken)
    {
        if (Directory.Exists(data) || File.Exists(data) || LooksLikePath(data))
            return await UploadAsync(terminal, client, data, null, cancellationToken, beforeUpload);
        try
        {
            return await DatasetReference.FindAsync(client, data, cancellationToken);
        }
        catch (CommandException failure) when (failure.Failure.ExitCode == ExitCodes.NotFound)
        {
            throw new CommandException(ExitCodes.NotFound, failure.Failure.Reason,
                $"There is no folder or archive {data} here, and no data set '{data}' on the server.");
        }
        catch (BitException failure) when (failure.Reason == "UNREACHABLE")
        {
            var explained = ExitCodes.Explain(failure);
            throw new CommandException(explained.ExitCode, explained.Reason,
                $"There is no folder or archive {data} here; whether it is a data set, the server could not be asked. {explained.Message}");
        }
    }

    /// <summary>Uploads a folder or an archive.</summary>
    /// <param name="path">A folder, or a ZIP file.</param>
    /// <param name="displayName">A name for people; null takes that of the folder or archive.</param>
    /// <param name="beforeUpload">As for <see cref="ResolveAsync"/>.</param>
    /// <exception cref="CommandException">It is neither.</exception>
    public static async Task<Dataset> UploadAsync(
        Terminal terminal, BitClient client, string path, string? displayName, CancellationToken cancellationToken,
        Func<Task>? beforeUpload = null)
    {
        if (!File.Exists(path))
        {
            var folder = PhotoFolder.Read(path);
            await (beforeUpload?.Invoke() ?? Task.CompletedTask);
            return await UploadPhotosAsync(terminal, client, displayName ?? Path.GetFileName(folder.Path), folder.Photos, cancellationToken);
        }
        RequireArchive(path);
        await (beforeUpload?.Invoke() ?? Task.CompletedTask);
        var name = displayName ?? Path.GetFileNameWithoutExtension(path);
        return Report(terminal, name, await ProgressDisplay.RunAsync(terminal, line =>
            client.UploadArchiveAsync(path, name, new UploadLine(line), cancellationToken)));
    }

    /// <summary>Uploads photos with a progress bar and lists what the server found.</summary>
    public static async Task<Dataset> UploadPhotosAsync(
        Terminal terminal, BitClient client, string displayName, IReadOnlyList<PhotoFile> photos, CancellationToken cancellationToken)
        => Report(terminal, displayName, await ProgressDisplay.RunAsync(terminal, line =>
            client.UploadPhotosAsync(displayName, photos, new UploadLine(line), cancellationToken)));

    /// <summary>Fails unless a file begins like a ZIP archive: better now than after it was sent.</summary>
    /// <exception cref="CommandException">It does not.</exception>
    public static void RequireArchive(string path)
    {
        using var file = File.OpenRead(path);
        var start = new byte[2];
        if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.AsSpan().SequenceEqual("PK"u8))
        {
            throw new CommandException(ExitCodes.Refused, "NOT_A_DATASET",
                $"{path} is a file, and no ZIP archive. Expected a folder with one subfolder of photos per class, or a ZIP archive of one.");
        }
    }

    private static Dataset Report(Terminal terminal, string displayName, UploadResult result)
    {
        if (result.Dataset.DisplayName.Length > 0 && result.Dataset.DisplayName != displayName)
            terminal.Warn($"Note: exactly these photos were stored before, as '{result.Dataset.DisplayName}'; they keep that name.");
        foreach (var problem in result.Problems.Take(MaxProblemsShown))
            terminal.Warn(ProblemText.LineOf(problem));
        if (result.ProblemCount > MaxProblemsShown)
        {
            terminal.Warn($"And {result.ProblemCount - MaxProblemsShown} more problems: "
                + $"bit datasets show {DatasetReference.ShortIdOf(result.Dataset)} --problems");
        }
        terminal.Say(
            $"Uploaded {result.Dataset.TrainPhotoCount + result.Dataset.ValidationPhotoCount} photos of {result.Dataset.Classes.Count} classes "
            + $"({result.Dataset.TrainPhotoCount} to learn from, {result.Dataset.ValidationPhotoCount} to measure on), {Show.Bytes(result.Dataset.ByteCount)}");
        return result.Dataset;
    }

    private static bool LooksLikePath(string data) => !data.StartsWith("datasets/", StringComparison.Ordinal)
        && (data.StartsWith('.') || data.IndexOfAny(['/', '\\']) >= 0 || data.EndsWith(".zip", StringComparison.OrdinalIgnoreCase));

    // Not Progress<T>: that one reports later, on another thread, when the bar may be gone.
    private sealed class UploadLine(IProgressLine line) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value)
        {
            var bytes = $"{Show.Bytes(value.BytesSent)} of {Show.Bytes(value.ByteCount)}";
            line.Show(value.ByteCount > 0 && value.BytesSent >= value.ByteCount
                ? new ProgressReport("checking photos", 0, 0, $"{bytes} sent")
                : new ProgressReport("uploading", value.BytesSent, value.ByteCount,
                    value.PhotoCount > 0 ? $"{value.PhotosSent}/{value.PhotoCount} photos, {bytes}" : bytes));
        }
    }
}
