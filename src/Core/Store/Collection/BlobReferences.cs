using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Which blobs the rows refer to.</summary>
internal static class BlobReferences
{
    /// <summary>Every blob that a data set, a version or open work refers to.</summary>
    /// <exception cref="InvalidDataException">A row cannot be read, so nobody can say what it refers to.</exception>
    public static HashSet<string> Read(SqliteConnection connection)
    {
        var references = ReadWithoutPhotos(connection);
        references.UnionWith(connection.Query("SELECT DISTINCT blob FROM photos", row => row.GetString(0)));
        return references;
    }

    /// <summary>Every blob that a version or open work refers to.</summary>
    /// <exception cref="InvalidDataException">A row cannot be read.</exception>
    public static HashSet<string> ReadWithoutPhotos(SqliteConnection connection)
    {
        var references = connection.Query(
            "SELECT manifest, compositions FROM model_versions WHERE delete_time IS NULL", row => OfVersion(row.GetString(0), row.TextOrNull(1)))
            .SelectMany(files => files).ToHashSet(StringComparer.Ordinal);
        references.UnionWith(connection.Query("SELECT request FROM tasks WHERE kind = $import AND state IN ($queued, $running)",
            row => StoreJson.ReadTask<ImportTask>(row.GetString(0)).File,
            ("$import", (int)TaskKind.Import), ("$queued", (int)JobState.Queued), ("$running", (int)JobState.Running)));
        return references;
    }

    /// <summary>Grows with every new data set and never shrinks. As long as it is the same, photos have at most fewer references.</summary>
    public static long NewestDataset(SqliteConnection connection) =>
        connection.QueryNumberOrNull("SELECT seq FROM sqlite_sequence WHERE name = 'datasets'") ?? 0;

    /// <summary>The files of a version.</summary>
    public static IEnumerable<string> OfVersion(string manifestJson, string? compositionsJson)
    {
        var manifest = StoreJson.ReadManifest(manifestJson);
        var composed = compositionsJson is null ? new ComposedFiles() : StoreJson.ReadCompositions(compositionsJson);
        return Of(manifest).Concat(new[] { composed.InferenceGraph, composed.InferenceGraphData, composed.Weights }.OfType<string>());
    }

    /// <summary>The files that a manifest names.</summary>
    public static IEnumerable<string> Of(ModelManifest manifest) => new[]
    {
        manifest.InferenceGraph, manifest.InferenceGraphData, manifest.Weights, manifest.Head, manifest.Report,
    }.OfType<string>();

    /// <summary>When the oldest work began that may have stored blobs without a reference: a job that runs, a task that is open.</summary>
    public static DateTimeOffset? OldestWork(SqliteConnection connection) => connection.QueryNumberOrNull(
        """
        SELECT min(time) FROM (
            SELECT coalesce(start_time, create_time) AS time FROM jobs WHERE state = $running
            UNION ALL SELECT create_time FROM tasks WHERE state IN ($queued, $running))
        """,
        ("$queued", (int)JobState.Queued), ("$running", (int)JobState.Running)) is { } time
        ? DateTimeOffset.FromUnixTimeMilliseconds(time)
        : null;
}
