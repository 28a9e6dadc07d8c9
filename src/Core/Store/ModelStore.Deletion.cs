using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Deletion: rows get a delete_time and are seen by nobody any more; files stay until
/// they are collected, for another version may name the same.</summary>
public sealed partial class ModelStore
{
    private const string InUse = "VERSION_IN_USE";

    // A message has room for a few; the cure is the same for all.
    private const int MostNamesShown = 5;

    /// <summary>How many versions were ever deleted. Grows and never shrinks: who remembers versions looks them up again when it
    /// differs.</summary>
    public long CountDeleted() => _database.Read(connection =>
        connection.QueryNumber("SELECT count(*) FROM model_versions WHERE delete_time IS NOT NULL"));

    /// <summary>Deletes a version. Its number is never used again.</summary>
    /// <exception cref="StoreNotFoundException">There is no such model or version.</exception>
    /// <exception cref="ModelStateException">VERSION_HAS_ALIAS: an alias names it. VERSION_IN_USE: a job that is not done starts from
    /// it.</exception>
    public void DeleteVersion(ModelVersionId id) => _database.Write(connection =>
    {
        // Not by its manifest: one that cannot be read must be deletable, too.
        RequireModel(connection, id.ModelId);
        if (connection.QueryNumber("SELECT count(*) FROM model_versions WHERE model = $model AND number = $number AND delete_time IS NULL",
            ("$model", id.ModelId), ("$number", id.Number)) == 0)
            throw new StoreNotFoundException($"Model '{id.ModelId}' has no version {id.Number}.");
        var aliases = connection.Query("SELECT alias FROM model_aliases WHERE model = $model AND number = $number ORDER BY alias",
            row => row.GetString(0), ("$model", id.ModelId), ("$number", id.Number));
        if (aliases.Count > 0)
        {
            throw new ModelStateException("VERSION_HAS_ALIAS",
                $"{id} cannot be deleted: it is named by {Names("alias", "aliases", aliases)}. Point what names it at another version, or delete the alias.");
        }
        var jobs = OpenJobs(connection, "base ->> 'modelId' = $model AND base ->> 'number' = $number",
            ("$model", id.ModelId), ("$number", id.Number));
        if (jobs.Count > 0)
        {
            throw new ModelStateException(InUse,
                $"{id} cannot be deleted: it is the base of {Names("job", "jobs", jobs)}, not done yet. Wait for the end or cancel.");
        }
        RenewFiles(connection, "model = $model AND number = $number", ("$model", id.ModelId), ("$number", id.Number));
        return connection.Execute("UPDATE model_versions SET delete_time = $now WHERE model = $model AND number = $number",
            ("$now", Now), ("$model", id.ModelId), ("$number", id.Number));
    });

    /// <summary>Deletes a model with all its versions. A later model of the same name goes on counting where this one ended.</summary>
    /// <exception cref="StoreNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelStateException">MODEL_HAS_ALIAS: it has an alias. VERSION_IN_USE: a job that is not done starts from a version
    /// of it or writes to it.</exception>
    public void DeleteModel(string modelId) => _database.Write(connection =>
    {
        RequireModel(connection, modelId);
        var aliases = connection.Query(
            "SELECT alias FROM model_aliases WHERE model = $model ORDER BY alias", row => row.GetString(0), ("$model", modelId));
        if (aliases.Count > 0)
        {
            throw new ModelStateException("MODEL_HAS_ALIAS",
                $"Model '{modelId}' cannot be deleted: it has {Names("alias", "aliases", aliases)}. Delete that first, so that nobody is served by it.");
        }
        var jobs = OpenJobs(connection, "base ->> 'modelId' = $model OR spec ->> 'modelId' = $model", ("$model", modelId));
        if (jobs.Count > 0)
        {
            throw new ModelStateException(InUse, $"Model '{modelId}' cannot be deleted: a version of it is the base or the goal of "
                + $"{Names("job", "jobs", jobs)}, not done yet. Wait for the end or cancel.");
        }
        RenewFiles(connection, "model = $model AND delete_time IS NULL", ("$model", modelId));
        connection.Execute("UPDATE model_versions SET delete_time = $now WHERE model = $model AND delete_time IS NULL",
            ("$now", Now), ("$model", modelId));
        return connection.Execute("UPDATE models SET delete_time = $now WHERE id = $model", ("$now", Now), ("$model", modelId));
    });

    private void RenewFiles(SqliteConnection connection, string condition, params ReadOnlySpan<(string, object?)> parameters) => _blobs.Renew(
        connection.Query($"SELECT manifest, compositions FROM model_versions WHERE {condition}",
            row => ReadableFiles(row.GetString(0), row.TextOrNull(1)), parameters).SelectMany(files => files));

    // Nobody can be reading what nobody can name.
    private static IEnumerable<string> ReadableFiles(string manifest, string? compositions)
    {
        try
        {
            return [.. BlobReferences.OfVersion(manifest, compositions)];
        }
        catch (InvalidDataException)
        {
            return [];
        }
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    // Specifications are JSON as StoreJson writes it.
    private static List<string> OpenJobs(SqliteConnection connection, string condition, params ReadOnlySpan<(string, object?)> parameters) =>
        connection.Query(
            $"""
            SELECT id FROM (SELECT id, seq, spec, spec -> 'base' AS base FROM jobs WHERE state NOT IN ({(int)JobState.Succeeded}, {(int)JobState.Failed}, {(int)JobState.Cancelled}))
            WHERE {condition} ORDER BY seq
            """,
            row => row.GetString(0), parameters);

    private static string Names(string one, string many, List<string> names) => names.Count == 1
        ? $"{one} {names[0]}"
        : $"{names.Count} {many} ({string.Join(", ", names.Take(MostNamesShown))}{(names.Count > MostNamesShown ? ", ..." : "")})";
}
