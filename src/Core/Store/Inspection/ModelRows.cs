using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Versions and aliases: whether manifests can be read and aliases name what exists.</summary>
internal static class ModelRows
{
    public static void Check(WorkspaceInspection inspection, SqliteConnection connection)
    {
        foreach (var (id, manifest, compositions) in connection.Query(
            "SELECT model, number, manifest, compositions FROM model_versions WHERE delete_time IS NULL ORDER BY model, number",
            row => (new ModelVersionId(row.GetString(0), row.GetInt32(1)), row.GetString(2), row.TextOrNull(3))))
        {
            inspection.Counts.Versions++;
            CheckVersion(inspection, id, manifest, compositions);
        }
        foreach (var (model, alias, number, isAlive) in connection.Query(
            """
            SELECT a.model, a.alias, a.number, v.number IS NOT NULL AND m.id IS NOT NULL FROM model_aliases a
            LEFT JOIN model_versions v ON v.model = a.model AND v.number = a.number AND v.delete_time IS NULL
            LEFT JOIN models m ON m.id = a.model AND m.delete_time IS NULL
            ORDER BY a.model, a.alias
            """,
            row => (row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetBoolean(3))))
        {
            inspection.Counts.Aliases++;
            if (isAlive)
                continue;
            inspection.Error("ALIAS_DANGLING", $"models/{model}@{alias}",
                $"The alias names version {number}, which does not exist. Whoever asks for it gets an error: point it at another version "
                + "(bit models promote); repairing deletes the alias.",
                () => inspection.Write("DELETE FROM model_aliases WHERE model = $model AND alias = $alias AND number = $number",
                    ("$model", model), ("$alias", alias), ("$number", number)));
        }
    }

    private static void CheckVersion(WorkspaceInspection inspection, ModelVersionId id, string manifestJson, string? compositionsJson)
    {
        try
        {
            var manifest = StoreJson.ReadManifest(manifestJson);
            ModelStore.CheckManifest(manifest);
            foreach (var hash in BlobReferences.OfVersion(manifestJson, compositionsJson))
                inspection.Uses.Add(hash, id.ToString());
        }
        catch (Exception failure) when (failure is InvalidDataException or ArgumentException)
        {
            inspection.Error("MANIFEST_DAMAGED", id.ToString(), $"{failure.Message} Train or import the version again, and delete this one.");
        }
    }
}
