using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Aliases: where they point, and where they pointed before.</summary>
public sealed partial class ModelStore
{
    /// <summary>The version that an alias points at; null if there is no such model or alias.</summary>
    public ModelVersionRecord? Resolve(string modelId, string alias) => _database.Read(connection => connection.QueryFirst(
        "SELECT v.model, v.number, v.create_time, v.manifest FROM model_aliases a JOIN model_versions v USING (model, number) "
            + "WHERE a.model = $model AND a.alias = $alias AND v.delete_time IS NULL",
        ReadVersion, ("$model", modelId), ("$alias", alias)));

    /// <summary>Where an alias points and where it pointed before; null if there is no such model or alias.</summary>
    public AliasRecord? FindAlias(string modelId, string alias) => _database.Read(connection => FindAlias(connection, modelId, alias));

    /// <summary>Points an alias at a version, by compare-and-swap. Where it pointed until now is kept for <see cref="RollBack"/>.</summary>
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
            RequireVersion(connection, new ModelVersionId(modelId, version));
            RequireExpected(connection, modelId, alias, expected);
            return Point(connection, modelId, alias, version);
        });
    }

    /// <summary>Points an alias at the version that it named before its last move.</summary>
    /// <param name="modelId">Model.</param>
    /// <param name="alias">Alias.</param>
    /// <param name="seen">What <see cref="FindAlias(string, string)"/> said; the alias moves only while that holds.</param>
    /// <exception cref="ModelStateException">NO_PREVIOUS_VERSION: it has not moved yet, or that version is deleted.</exception>
    /// <exception cref="AliasConflictException">The alias was moved meanwhile.</exception>
    public void RollBack(string modelId, string alias, AliasRecord seen) => _database.Write(connection =>
    {
        if (FindAlias(connection, modelId, alias) != seen)
        {
            throw new AliasConflictException($"Alias '{alias}' of model '{modelId}' was moved while it was being rolled back. "
                + "Read the model again and decide anew.");
        }
        return Point(connection, modelId, alias, RequirePrevious(connection, modelId, alias, seen));
    });

    /// <summary>The version that an alias would roll back to.</summary>
    /// <exception cref="ModelStateException">NO_PREVIOUS_VERSION: it has not moved yet, or that version is deleted.</exception>
    public int RequirePrevious(string modelId, string alias, AliasRecord seen) =>
        _database.Read(connection => RequirePrevious(connection, modelId, alias, seen));

    /// <summary>Deletes an alias, by compare-and-swap.</summary>
    /// <param name="modelId">Model.</param>
    /// <param name="alias">Alias.</param>
    /// <param name="expected">Where the alias must point for the call to do anything.</param>
    /// <exception cref="StoreNotFoundException">There is no such model or alias.</exception>
    /// <exception cref="AliasConflictException">The alias points elsewhere.</exception>
    public void DeleteAlias(string modelId, string alias, OptionalExpected expected) => _database.Write(connection =>
    {
        RequireModel(connection, modelId);
        if (FindAlias(connection, modelId, alias) is null)
            throw new StoreNotFoundException($"Model '{modelId}' has no alias '{alias}'.");
        RequireExpected(connection, modelId, alias, expected);
        return connection.Execute("DELETE FROM model_aliases WHERE model = $model AND alias = $alias", ("$model", modelId), ("$alias", alias));
    });

    internal static AliasRecord? FindAlias(SqliteConnection connection, string modelId, string alias) => connection.QueryFirst(
        "SELECT number, previous FROM model_aliases WHERE model = $model AND alias = $alias",
        row => new AliasRecord(row.GetInt32(0), (int?)row.NumberOrNull(1)), ("$model", modelId), ("$alias", alias));

    // Setting it to where it points already is no move: rolling back still leads to the version before.
    internal static int Point(SqliteConnection connection, string modelId, string alias, int version) => connection.Execute(
        """
        INSERT INTO model_aliases (model, alias, number) VALUES ($model, $alias, $number)
        ON CONFLICT DO UPDATE SET previous = number, number = $number WHERE number <> $number
        """,
        ("$model", modelId), ("$alias", alias), ("$number", version));

    private static int RequirePrevious(SqliteConnection connection, string modelId, string alias, AliasRecord seen)
    {
        const string reason = "NO_PREVIOUS_VERSION";
        var cure = $"Point it at a version with SetAlias; ListModelVersions shows those of model '{modelId}'.";
        if (seen.Previous is not { } previous)
            throw new ModelStateException(reason, $"Alias '{alias}' of model '{modelId}' has pointed at version {seen.Number} ever since. {cure}");
        if (FindVersion(connection, new ModelVersionId(modelId, previous)) is null)
            throw new ModelStateException(reason, $"Alias '{alias}' of model '{modelId}' pointed at version {previous} before, which is deleted. {cure}");
        return previous;
    }

    private static void RequireExpected(SqliteConnection connection, string modelId, string alias, OptionalExpected expected)
    {
        var current = FindAlias(connection, modelId, alias)?.Number;
        if (expected.Allows(current))
            return;
        var actual = current is null ? "does not exist" : $"points at version {current}";
        throw new AliasConflictException(
            $"Alias '{alias}' of model '{modelId}' {actual}; expected {expected}. Read the model again and decide anew.");
    }
}
