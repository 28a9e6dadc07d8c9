using BiT.Client;

namespace BiT.CommandLine;

/// <summary>What a person names as DATA, as a data set on the server.</summary>
internal static class DatasetInput
{
    public const string FolderRule =
        "A folder with one subfolder of photos per class; one with exactly train/ and val/ is a given split.";

    // More refused files than this are a matter of counting, not of reading.
    private const int MaxRejectedShown = 20;

    /// <summary>An existing data set if there is no such folder and the name
    /// begins with <c>datasets/</c>; else the folder, uploaded.</summary>
    public static async Task<Dataset> ResolveAsync(Terminal terminal, BitClient client, string data, CancellationToken cancellationToken)
    {
        if (data.StartsWith("datasets/", StringComparison.Ordinal) && !Directory.Exists(data))
            return await client.GetDatasetAsync(data, cancellationToken);
        var folder = PhotoFolder.Read(data);
        return await UploadAsync(terminal, client, Path.GetFileName(folder.Path), folder.Photos, cancellationToken);
    }

    /// <summary>Uploads with a progress bar and lists the files that the server refused.</summary>
    public static async Task<Dataset> UploadAsync(
        Terminal terminal, BitClient client, string displayName, IReadOnlyList<PhotoFile> photos, CancellationToken cancellationToken)
    {
        var result = await ProgressDisplay.RunAsync(terminal, line =>
            client.UploadPhotosAsync(displayName, photos, new UploadLine(line), cancellationToken));
        foreach (var photo in result.Rejected.Take(MaxRejectedShown))
            terminal.Warn($"Left out {photo.FileName}: {photo.Message}");
        if (result.Rejected.Count > MaxRejectedShown)
            terminal.Warn($"Left out {result.Rejected.Count - MaxRejectedShown} more files.");
        terminal.Say(
            $"Uploaded {result.Dataset.TrainPhotoCount} photos to learn from and {result.Dataset.ValidationPhotoCount} to measure on, "
            + $"{result.Dataset.Classes.Count} classes, {Show.Bytes(result.Dataset.ByteCount)}");
        return result.Dataset;
    }

    // Not Progress<T>: that one reports later, on another thread, when the bar may be gone.
    private sealed class UploadLine(IProgressLine line) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value) => line.Show(new ProgressReport(
            "uploading", value.BytesSent, value.ByteCount,
            $"{value.PhotosSent}/{value.PhotoCount} photos, {Show.Bytes(value.BytesSent)} of {Show.Bytes(value.ByteCount)}"));
    }
}
