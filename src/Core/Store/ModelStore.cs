using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Models, their immutable versions and the aliases that point at them. What was deleted stays as a row that nobody sees, so that no
/// number is used twice. This part: models and versions; aliases are in ModelStore.Aliases.cs, deletion in ModelStore.Deletion.cs.</summary>
public sealed partial class ModelStore
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
        "SELECT id, create_time FROM models WHERE id = $id AND delete_time IS NULL", ReadHeading, ("$id", modelId)) is { } heading
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
                "SELECT id, create_time FROM models WHERE id > $after AND delete_time IS NULL ORDER BY id LIMIT $count",
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
                $"SELECT {VersionColumns} FROM model_versions WHERE model = $model AND number < $before AND delete_time IS NULL "
                    + "ORDER BY number DESC LIMIT $count",
                ReadVersion, ("$model", modelId), ("$before", before), ("$count", size + 1));
            return Paging.Cut(listing, versions, size, version => version.Id.Number);
        });
    }

    /// <summary>Adds a version that no job made, for example imported weights; the model is made if it does not exist.</summary>
    /// <exception cref="BlobNotFoundException">A file of the manifest is not in the store.</exception>
    /// <exception cref="ArgumentException">The model id or the manifest is not valid.</exception>
    public ModelVersionRecord Import(string modelId, ModelManifest manifest)
    {
        ResourceIds.CheckModelId(modelId);
        CheckManifest(manifest);
        return _database.Write(connection => AddVersion(connection, modelId, manifest));
    }

    /// <summary>The files that were composed of a version's parts so far; null if there is no such version.</summary>
    public ComposedFiles? FindCompositions(ModelVersionId id) => _database.Read(connection => FindCompositions(connection, id));

    /// <summary>Notes files that were composed of a version's parts; what is null stays as it is. Does nothing if the version was deleted
    /// meanwhile.</summary>
    /// <exception cref="BlobNotFoundException">A file is not in the store.</exception>
    public void AddCompositions(ModelVersionId id, ComposedFiles files)
    {
        _database.Write(connection =>
        {
            _blobs.Require([files.InferenceGraph, files.InferenceGraphData, files.Weights], $"A composition of {id}");
            if (FindCompositions(connection, id) is not { } known)
                return 0;
            var all = new ComposedFiles
            {
                InferenceGraph = files.InferenceGraph ?? known.InferenceGraph,
                InferenceGraphData = files.InferenceGraph is null ? known.InferenceGraphData : files.InferenceGraphData,
                Weights = files.Weights ?? known.Weights,
            };
            return connection.Execute("UPDATE model_versions SET compositions = $files WHERE model = $model AND number = $number",
                ("$files", StoreJson.Write(all)), ("$model", id.ModelId), ("$number", id.Number));
        });
    }

    /// <summary>Checks what can be checked without the database: names and sizes.</summary>
    internal static void CheckManifest(ModelManifest manifest)
    {
        if (manifest.Method is not ("full" or "head" or "backbone" or "inference"))
        {
            throw new ArgumentException(
                $"The manifest's method is '{manifest.Method}'; expected full, head, backbone or inference.", nameof(manifest));
        }
        if ((manifest.Method == "inference") != (manifest.Weights is null))
            throw new ArgumentException($"The manifest's method is '{manifest.Method}', but its weights are {manifest.Weights ?? "absent"}; "
                + "only inference versions have none.", nameof(manifest));
        if ((manifest.Method == "head") != (manifest.Head is not null))
            throw new ArgumentException($"The manifest's method is '{manifest.Method}', but its head is {manifest.Head ?? "absent"}; "
                + "only head versions have one.", nameof(manifest));
        if ((manifest.Method == "backbone") != (manifest.Labels.Count == 0))
            throw new ArgumentException($"The manifest's method is '{manifest.Method}', and it has {manifest.Labels.Count} labels; "
                + "backbone versions have none, others at least 1.", nameof(manifest));
        if (manifest.InputSize < 1)
            throw new ArgumentException($"The manifest has input size {manifest.InputSize}; expected at least 1.", nameof(manifest));
    }

    /// <summary>Adds the next version within the caller's transaction.</summary>
    /// <exception cref="BlobNotFoundException">A file of the manifest is not in the store.</exception>
    internal ModelVersionRecord AddVersion(SqliteConnection connection, string modelId, ModelManifest manifest)
    {
        _blobs.Require(BlobReferences.Of(manifest), "The manifest");
        var time = _time.GetUtcNow().ToUnixTimeMilliseconds();
        // A deleted model of that name begins anew; its old versions stay deleted, and their numbers stay used.
        connection.Execute(
            """
            INSERT INTO models (id, create_time) VALUES ($id, $time)
            ON CONFLICT DO UPDATE SET create_time = $time, delete_time = NULL WHERE delete_time IS NOT NULL
            """,
            ("$id", modelId), ("$time", time));
        var number = connection.QueryNumber(
            """
            INSERT INTO model_versions (model, number, create_time, manifest)
            VALUES ($model, (SELECT coalesce(max(number), 0) + 1 FROM model_versions WHERE model = $model), $time, $manifest)
            RETURNING number
            """,
            ("$model", modelId), ("$time", time), ("$manifest", StoreJson.Write(manifest)));
        return new ModelVersionRecord(new ModelVersionId(modelId, (int)number), DateTimeOffset.FromUnixTimeMilliseconds(time), manifest);
    }

    internal static ModelVersionRecord? FindVersion(SqliteConnection connection, ModelVersionId id) => connection.QueryFirst(
        $"SELECT {VersionColumns} FROM model_versions WHERE model = $model AND number = $number AND delete_time IS NULL",
        ReadVersion, ("$model", id.ModelId), ("$number", id.Number));

    private static ComposedFiles? FindCompositions(SqliteConnection connection, ModelVersionId id) => connection.QueryFirst(
        "SELECT compositions FROM model_versions WHERE model = $model AND number = $number AND delete_time IS NULL",
        row => row.TextOrNull(0) is { } json ? StoreJson.ReadCompositions(json) : new ComposedFiles(),
        ("$model", id.ModelId), ("$number", id.Number));

    internal static void RequireVersion(SqliteConnection connection, ModelVersionId id)
    {
        RequireModel(connection, id.ModelId);
        if (FindVersion(connection, id) is null)
            throw new StoreNotFoundException($"Model '{id.ModelId}' has no version {id.Number}.");
    }

    private static void RequireModel(SqliteConnection connection, string modelId)
    {
        if (connection.QueryNumber("SELECT count(*) FROM models WHERE id = $id AND delete_time IS NULL", ("$id", modelId)) == 0)
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
            $"SELECT {VersionColumns} FROM model_versions WHERE model = $model AND delete_time IS NULL ORDER BY number DESC LIMIT 1",
            ReadVersion, ("$model", heading.Id));
        var sorted = new SortedDictionary<string, int>(aliases.ToDictionary(), StringComparer.Ordinal);
        return new ModelRecord(heading.Id, heading.CreateTime, sorted, latest);
    }

    private sealed record Heading(string Id, DateTimeOffset CreateTime);
}
