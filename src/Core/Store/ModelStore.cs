using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Models, their immutable versions and the aliases that point at them.</summary>
public sealed class ModelStore
{
    private const string Listing = "models";
    private const string VersionColumns = "model, number, create_time, manifest";

    private readonly Database _database;
    private readonly BlobStore _blobs;
    private readonly TimeProvider _time;

    internal ModelStore(Database database, BlobStore blobs, TimeProvider time)
    {
        _database = database;
        _blobs = blobs;
        _time = time;
    }

    /// <summary>A model with its aliases and newest version, or null.</summary>
    public ModelRecord? Find(string modelId) => _database.Read(connection => connection.QueryFirst(
        "SELECT id, create_time FROM models WHERE id = $id", ReadHeading, ("$id", modelId)) is { } heading
        ? Load(connection, heading)
        : null);

    /// <summary>Models by id, in ordinal order.</summary>
    /// <param name="pageSize">0 means 50; more than 1000 counts as 1000.</param>
    /// <param name="pageToken">Of the previous page; null or empty for the first.</param>
    /// <exception cref="InvalidPageTokenException">The token is not of this listing.</exception>
    public Page<ModelRecord> List(int pageSize, string? pageToken)
    {
        var size = Paging.Size(pageSize);
        var after = Paging.Key(Listing, pageToken) ?? "";
        return _database.Read(connection =>
        {
            var headings = connection.Query(
                "SELECT id, create_time FROM models WHERE id > $after ORDER BY id LIMIT $count",
                ReadHeading, ("$after", after), ("$count", size + 1));
            var page = Paging.Cut(Listing, headings, size, heading => heading.Id);
            return new Page<ModelRecord>(page.Items.Select(heading => Load(connection, heading)).ToList(), page.NextPageToken);
        });
    }

    /// <summary>One version, or null.</summary>
    public ModelVersionRecord? FindVersion(ModelVersionId id) => _database.Read(connection => FindVersion(connection, id));

    /// <summary>Versions of a model, newest first.</summary>
    /// <inheritdoc cref="List" path="/param"/>
    /// <exception cref="StoreNotFoundException">There is no such model.</exception>
    /// <exception cref="InvalidPageTokenException">The token is not of this listing.</exception>
    public Page<ModelVersionRecord> ListVersions(string modelId, int pageSize, string? pageToken)
    {
        var size = Paging.Size(pageSize);
        var listing = $"versions of model {modelId}";
        var before = Paging.NumberKey(listing, pageToken) ?? long.MaxValue;
        return _database.Read(connection =>
        {
            RequireModel(connection, modelId);
            var versions = connection.Query(
                $"SELECT {VersionColumns} FROM model_versions WHERE model = $model AND number < $before ORDER BY number DESC LIMIT $count",
                ReadVersion, ("$model", modelId), ("$before", before), ("$count", size + 1));
            return Paging.Cut(listing, versions, size, version => version.Id.Number);
        });
    }

    /// <summary>Points an alias at a version, by compare-and-swap.</summary>
    /// <param name="modelId">Model.</param>
    /// <param name="alias">1 to 63 characters a-z, 0-9 and -, beginning with a letter; for example <c>live</c>.</param>
    /// <param name="version">Version number, from 1.</param>
    /// <param name="expected">Where the alias must point for the call to do anything.</param>
    /// <exception cref="StoreNotFoundException">There is no such model or version.</exception>
    /// <exception cref="AliasConflictException">The alias points elsewhere.</exception>
    /// <exception cref="ArgumentException">The alias is not a valid name.</exception>
    public void SetAlias(string modelId, string alias, int version, OptionalExpected expected)
    {
        ResourceIds.CheckAlias(alias);
        _database.Write(connection =>
        {
            RequireModel(connection, modelId);
            if (FindVersion(connection, new ModelVersionId(modelId, version)) is null)
                throw new StoreNotFoundException($"Model '{modelId}' has no version {version}.");
            var current = AliasTarget(connection, modelId, alias);
            if (!expected.Allows(current))
            {
                var actual = current is null ? "does not exist" : $"points at version {current}";
                throw new AliasConflictException($"Alias '{alias}' of model '{modelId}' {actual}; expected {expected}. "
                    + "Read the model again and decide anew.");
            }
            MoveAlias(connection, new ModelVersionId(modelId, version), alias, current);
            return true;
        });
    }

    /// <summary>The version that an alias points at; null if there is no such model or alias.</summary>
    public ModelVersionRecord? Resolve(string modelId, string alias) => _database.Read(connection => connection.QueryFirst(
        "SELECT v.model, v.number, v.create_time, v.manifest FROM model_aliases a JOIN model_versions v USING (model, number) "
            + "WHERE a.model = $model AND a.alias = $alias",
        ReadVersion, ("$model", modelId), ("$alias", alias)));

    /// <summary>Adds a version that no job made, for example imported weights; the model is made if it does not exist.</summary>
    /// <exception cref="BlobNotFoundException">A file of the manifest is not in the store.</exception>
    /// <exception cref="ArgumentException">The model id or the manifest is not valid.</exception>
    public ModelVersionRecord Import(string modelId, ModelManifest manifest)
    {
        ResourceIds.CheckModelId(modelId);
        CheckManifest(manifest);
        return _database.Write(connection => AddVersion(connection, modelId, manifest));
    }

    /// <summary>Checks what can be checked without the database: names, sizes, and that all files are in the store.</summary>
    internal void CheckManifest(ModelManifest manifest)
    {
        if (manifest.Method is not ("full" or "head" or "backbone"))
            throw new ArgumentException($"The manifest's method is '{manifest.Method}'; expected full, head or backbone.", nameof(manifest));
        if ((manifest.Method == "head") != (manifest.Head is not null))
            throw new ArgumentException($"The manifest's method is '{manifest.Method}', but its head is {manifest.Head ?? "absent"}; "
                + "only head versions have one.", nameof(manifest));
        if ((manifest.Method == "backbone") != (manifest.Labels.Count == 0))
            throw new ArgumentException($"The manifest's method is '{manifest.Method}', and it has {manifest.Labels.Count} labels; "
                + "backbone versions have none, others at least 1.", nameof(manifest));
        if (manifest.InputSize < 1)
            throw new ArgumentException($"The manifest has input size {manifest.InputSize}; expected at least 1.", nameof(manifest));
        _blobs.Require([manifest.InferenceGraph, manifest.InferenceGraphData, manifest.Weights, manifest.Head, manifest.Report], "The manifest");
    }

    /// <summary>Adds the next version within the caller's transaction.</summary>
    internal ModelVersionRecord AddVersion(SqliteConnection connection, string modelId, ModelManifest manifest)
    {
        var time = _time.GetUtcNow().ToUnixTimeMilliseconds();
        connection.Execute(
            "INSERT INTO models (id, create_time) VALUES ($id, $time) ON CONFLICT DO NOTHING", ("$id", modelId), ("$time", time));
        var number = connection.QueryNumber(
            """
            INSERT INTO model_versions (model, number, create_time, manifest)
            VALUES ($model, (SELECT coalesce(max(number), 0) + 1 FROM model_versions WHERE model = $model), $time, $manifest)
            RETURNING number
            """,
            ("$model", modelId), ("$time", time), ("$manifest", StoreJson.Write(manifest)));
        return new ModelVersionRecord(new ModelVersionId(modelId, (int)number), DateTimeOffset.FromUnixTimeMilliseconds(time), manifest);
    }

    /// <summary>The version number that an alias names, or null.</summary>
    internal static int? AliasTarget(SqliteConnection connection, string modelId, string alias) => (int?)connection.QueryNumberOrNull(
        "SELECT number FROM model_aliases WHERE model = $model AND alias = $alias", ("$model", modelId), ("$alias", alias));

    /// <summary>Points an alias at a version that exists, within the caller's transaction.</summary>
    internal static void MoveAlias(SqliteConnection connection, ModelVersionId version, string alias, int? current)
    {
        if (current == version.Number)
            return;
        connection.Execute(
            """
            INSERT INTO model_aliases (model, alias, number) VALUES ($model, $alias, $number)
            ON CONFLICT DO UPDATE SET previous = number, number = $number
            """,
            ("$model", version.ModelId), ("$alias", alias), ("$number", version.Number));
    }

    internal static ModelVersionRecord? FindVersion(SqliteConnection connection, ModelVersionId id) => connection.QueryFirst(
        $"SELECT {VersionColumns} FROM model_versions WHERE model = $model AND number = $number",
        ReadVersion, ("$model", id.ModelId), ("$number", id.Number));

    private static void RequireModel(SqliteConnection connection, string modelId)
    {
        if (connection.QueryNumber("SELECT count(*) FROM models WHERE id = $id", ("$id", modelId)) == 0)
            throw new StoreNotFoundException($"There is no model '{modelId}'.");
    }

    private static Heading ReadHeading(SqliteDataReader row) => new(row.GetString(0), row.Time(1));

    private static ModelVersionRecord ReadVersion(SqliteDataReader row)
        => new(new ModelVersionId(row.GetString(0), row.GetInt32(1)), row.Time(2), StoreJson.ReadManifest(row.GetString(3)));

    private static ModelRecord Load(SqliteConnection connection, Heading heading)
    {
        var aliases = connection.Query(
            "SELECT alias, number FROM model_aliases WHERE model = $model ORDER BY alias",
            row => KeyValuePair.Create(row.GetString(0), row.GetInt32(1)), ("$model", heading.Id));
        var latest = connection.QueryFirst(
            $"SELECT {VersionColumns} FROM model_versions WHERE model = $model ORDER BY number DESC LIMIT 1",
            ReadVersion, ("$model", heading.Id));
        var sorted = new SortedDictionary<string, int>(aliases.ToDictionary(), StringComparer.Ordinal);
        return new ModelRecord(heading.Id, heading.CreateTime, sorted, latest);
    }

    private sealed record Heading(string Id, DateTimeOffset CreateTime);
}
