using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>The database of an inspected workspace: opened without changing it, checked as a whole.</summary>
internal sealed class InspectedDatabase : IDisposable
{
    public const int Corrupt = 11; // SQLITE_CORRUPT
    public const int NotADatabase = 26; // SQLITE_NOTADB

    public const string Cure = "Stop the server and the trainers, and restore the workspace from a backup (bit restore).";

    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8; // SQLITE_READONLY
    private const int CannotOpen = 14; // SQLITE_CANTOPEN
    private const int MostLines = 20;
    private const int BusyTimeoutMilliseconds = 10_000;

    private InspectedDatabase(SqliteConnection connection, int version, bool isReadable)
    {
        Connection = connection;
        Version = version;
        IsReadable = isReadable;
    }

    /// <summary>The rows in the form of the current version.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>The version on disk.</summary>
    public int Version { get; }

    /// <summary>False if it makes no sense to read rows.</summary>
    public bool IsReadable { get; }

    /// <exception cref="WorkspaceException">It is another program's, or newer than this program.</exception>
    /// <exception cref="StoreUnavailableException">Another process holds it.</exception>
    public static InspectedDatabase Open(WorkspaceInspection inspection)
    {
        var path = inspection.FolderOf(WorkspaceInspection.DatabaseName);
        var connection = OpenToRead(path);
        try
        {
            var version = Schema.CheckVersion(connection, path);
            var isSound = CheckIntegrity(inspection, connection, path);
            if (isSound && version < Schema.CurrentVersion)
            {
                inspection.Note("SCHEMA_OLD", WorkspaceInspection.DatabaseName,
                    $"The tables have version {version}; the next start brings them to {Schema.CurrentVersion}. Here a copy was brought there and checked.");
                connection = MigratedCopy(connection, version);
            }
            if (isSound)
            {
                CheckTables(inspection, connection);
                CheckForeignKeys(inspection, connection);
            }
            return new InspectedDatabase(connection, version, isSound);
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode is Busy or Locked)
        {
            connection.Dispose();
            throw new StoreUnavailableException("Another process holds the database. Try again; find out what holds it.", failure);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static SqliteConnection OpenToRepair(string path) => Open(new SqliteConnectionStringBuilder
    {
        DataSource = path, Mode = SqliteOpenMode.ReadWrite, ForeignKeys = true, Pooling = false,
    });

    public void Dispose() => Connection.Dispose();

    /// <summary>Opens a database without changing it, its rows in the form of the current version.</summary>
    /// <exception cref="WorkspaceException">It is another program's, or newer than this program.</exception>
    public static SqliteConnection OpenCurrent(string path)
    {
        var connection = OpenToRead(path);
        try
        {
            var version = Schema.CheckVersion(connection, path);
            return version < Schema.CurrentVersion ? MigratedCopy(connection, version) : connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the writing transaction that is under way, if any. Between taking a hold and reading rows: a deletion that dated its files
    /// before the hold is then read as done, and one that comes later dates them behind the hold.</summary>
    /// <exception cref="SqliteException">Busy for longer than a transaction may take.</exception>
    public static void AwaitWriter(string path)
    {
        try
        {
            using var connection = Open(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false });
            connection.Execute("BEGIN IMMEDIATE; ROLLBACK");
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode is CannotOpen or ReadOnly or Corrupt or NotADatabase)
        {
            // Nobody writes to a read-only disk; what is damaged is told by whoever reads it.
        }
    }

    public static SqliteConnection OpenToRead(string path)
    {
        try
        {
            var connection = Open(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false });
            // Nothing was read yet, and only reading opens the write-ahead log.
            connection.QueryNumber("SELECT count(*) FROM sqlite_schema");
            return connection;
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode == CannotOpen)
        {
            // On a read-only disk, which has no room for a write-ahead log and does not change either.
            return Open(new SqliteConnectionStringBuilder { DataSource = $"{new Uri(path).AbsoluteUri}?immutable=1", Mode = SqliteOpenMode.ReadOnly, Pooling = false });
        }
    }

    private static SqliteConnection Open(SqliteConnectionStringBuilder options)
    {
        var connection = new SqliteConnection(options.ToString());
        try
        {
            connection.Open();
            connection.Execute(WorkspaceInspection.Invariant($"PRAGMA busy_timeout = {BusyTimeoutMilliseconds}"));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static SqliteConnection MigratedCopy(SqliteConnection source, int version)
    {
        var copy = new SqliteConnection("Data Source=:memory:");
        copy.Open();
        source.BackupDatabase(copy);
        Schema.Migrate(copy, version);
        source.Dispose();
        return copy;
    }

    /// <returns>False if the rows cannot be trusted.</returns>
    private static bool CheckIntegrity(WorkspaceInspection inspection, SqliteConnection connection, string path)
    {
        var lines = Integrity(connection);
        if (lines is ["ok"])
            return true;
        // Indexes hold nothing that the tables do not: they can be made anew.
        var isIndexOnly = lines.All(line => line.Contains("index", StringComparison.OrdinalIgnoreCase));
        inspection.Error("DATABASE_DAMAGED", WorkspaceInspection.DatabaseName,
            $"SQLite's integrity check fails: {string.Join("; ", lines)}. {(isIndexOnly ? "Only indexes are concerned: they can be made anew." : Cure)}",
            isIndexOnly ? () => Reindex(path) : null);
        return isIndexOnly;
    }

    private static List<string> Integrity(SqliteConnection connection) => connection.Query(
        WorkspaceInspection.Invariant($"PRAGMA integrity_check({MostLines})"), row => row.GetString(0));

    private static void Reindex(string path)
    {
        using var connection = OpenToRepair(path);
        connection.Execute("REINDEX");
        if (Integrity(connection) is not ["ok"] and var lines)
            throw new IOException($"after making the indexes anew the check still fails: {string.Join("; ", lines)}. {Cure}");
    }

    // Version numbers say what should be there; somebody may have had hands on it.
    private static void CheckTables(WorkspaceInspection inspection, SqliteConnection connection)
    {
        const string Objects = "SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1";
        using var fresh = new SqliteConnection("Data Source=:memory:");
        fresh.Open();
        Schema.Migrate(fresh, 0);
        var missing = fresh.Query(Objects, row => row.GetString(0)).Except(connection.Query(Objects, row => row.GetString(0))).ToList();
        if (missing.Count > 0)
            inspection.Error("SCHEMA_DIFFERS", WorkspaceInspection.DatabaseName, $"The database lacks {string.Join(", ", missing)}. {Cure}");
    }

    private static void CheckForeignKeys(WorkspaceInspection inspection, SqliteConnection connection)
    {
        var violations = connection.Query("PRAGMA foreign_key_check", row => (Table: row.GetString(0), Parent: row.GetString(2)));
        foreach (var (reference, rows) in violations.GroupBy(violation => violation).Select(group => (group.Key, group.Count())))
        {
            // What belongs to a row that is gone is never read again.
            Action? repair = reference.Table is "photos" or "job_events" or "dataset_problems" ? () => DeleteOrphans(inspection, reference.Table) : null;
            inspection.Error("REFERENCE_BROKEN", reference.Table,
                $"{rows} row(s) of table {reference.Table} refer to rows of {reference.Parent} that do not exist. "
                + (repair is null ? Cure : "They belong to something that is gone, and can be deleted."), repair);
        }
    }

    private static void DeleteOrphans(WorkspaceInspection inspection, string table) => inspection.Write(table switch
    {
        "job_events" => "DELETE FROM job_events WHERE job NOT IN (SELECT seq FROM jobs)",
        "photos" => "DELETE FROM photos WHERE dataset NOT IN (SELECT seq FROM datasets)",
        _ => "DELETE FROM dataset_problems WHERE dataset NOT IN (SELECT seq FROM datasets)",
    });
}
