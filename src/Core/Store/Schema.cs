using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>The tables, as a list of migrations: number n leads from version n-1 to n. Never change one that was released; add
/// the next. See docs/formats/workspace.md.</summary>
internal static class Schema
{
    // "BiT1" in ASCII; tells our databases from anybody else's.
    private const long ApplicationId = 0x42695431;

    // SQLITE_NOTADB.
    private const int NotADatabase = 26;

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE datasets (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL,
            create_time INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE photos (
            dataset INTEGER NOT NULL REFERENCES datasets (seq),
            position INTEGER NOT NULL,
            file_name TEXT NOT NULL,
            label TEXT NOT NULL,
            split INTEGER NOT NULL,
            blob TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            byte_count INTEGER NOT NULL,
            PRIMARY KEY (dataset, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE models (
            id TEXT PRIMARY KEY,
            create_time INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE model_versions (
            model TEXT NOT NULL REFERENCES models (id),
            number INTEGER NOT NULL,
            create_time INTEGER NOT NULL,
            manifest TEXT NOT NULL,
            PRIMARY KEY (model, number)
        ) STRICT;
        CREATE TABLE model_aliases (
            model TEXT NOT NULL,
            alias TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (model, alias),
            FOREIGN KEY (model, number) REFERENCES model_versions (model, number)
        ) STRICT;

        CREATE TABLE jobs (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            request_id TEXT UNIQUE,
            spec TEXT NOT NULL,
            state INTEGER NOT NULL,
            create_time INTEGER NOT NULL,
            start_time INTEGER,
            end_time INTEGER,
            progress TEXT,
            plan TEXT,
            checkpoint TEXT,
            result_model TEXT,
            result_number INTEGER,
            error_reason TEXT,
            error_message TEXT,
            attempt INTEGER NOT NULL DEFAULT 0,
            cancel_requested INTEGER NOT NULL DEFAULT 0,
            worker TEXT,
            lease_duration INTEGER,
            lease_end INTEGER,
            lost_leases INTEGER NOT NULL DEFAULT 0,
            best_step INTEGER NOT NULL DEFAULT 0,
            progress_events INTEGER NOT NULL DEFAULT 0,
            FOREIGN KEY (result_model, result_number) REFERENCES model_versions (model, number)
        ) STRICT;
        CREATE INDEX jobs_by_state ON jobs (state, seq);
        CREATE TABLE job_events (
            cursor INTEGER PRIMARY KEY AUTOINCREMENT,
            job INTEGER NOT NULL REFERENCES jobs (seq),
            time INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            payload TEXT NOT NULL
        ) STRICT;
        CREATE INDEX job_events_by_job ON job_events (job, cursor);
        CREATE INDEX job_events_by_kind ON job_events (job, kind, cursor);
        """,
        """
        CREATE TABLE dataset_problems (
            dataset INTEGER NOT NULL REFERENCES datasets (seq) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            file_name TEXT NOT NULL,
            label TEXT NOT NULL,
            reason TEXT NOT NULL,
            message TEXT NOT NULL,
            severity INTEGER NOT NULL,
            PRIMARY KEY (dataset, position)
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE models ADD COLUMN delete_time INTEGER;
        ALTER TABLE model_versions ADD COLUMN delete_time INTEGER;
        ALTER TABLE model_versions ADD COLUMN compositions TEXT;
        -- Servers ask several times a second whether something was deleted.
        CREATE INDEX model_versions_deleted ON model_versions (model, number) WHERE delete_time IS NOT NULL;
        ALTER TABLE model_aliases ADD COLUMN previous INTEGER;

        ALTER TABLE jobs ADD COLUMN pause_requested INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN heartbeat_time INTEGER;
        ALTER TABLE jobs ADD COLUMN comparison TEXT;
        ALTER TABLE jobs ADD COLUMN promotion TEXT;
        ALTER TABLE jobs ADD COLUMN promotion_due INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE jobs ADD COLUMN request_hash TEXT;
        CREATE INDEX jobs_to_promote ON jobs (end_time, seq) WHERE promotion_due = 1;

        CREATE TABLE trainers (
            id TEXT PRIMARY KEY,
            seen_time INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE tasks (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            kind INTEGER NOT NULL,
            request TEXT NOT NULL,
            state INTEGER NOT NULL,
            create_time INTEGER NOT NULL,
            end_time INTEGER,
            attempt INTEGER NOT NULL DEFAULT 0,
            worker TEXT,
            lease_end INTEGER,
            awaited_until INTEGER NOT NULL,
            result TEXT,
            error_reason TEXT,
            error_message TEXT
        ) STRICT;
        CREATE INDEX tasks_by_state ON tasks (state, seq);
        """,
    ];

    /// <summary>The version that this program writes.</summary>
    public static int CurrentVersion => Migrations.Length;

    /// <summary>Checks that the database is ours and not newer, and brings it to the current version. Several processes may do so at
    /// once.</summary>
    /// <exception cref="WorkspaceException">The database is another program's, newer than this program, or cannot be a WAL.</exception>
    public static void Prepare(SqliteConnection connection, string path)
    {
        try
        {
            var version = CheckVersion(connection, path);
            UseWriteAheadLog(connection, path);
            // Nothing is written where nothing is to change: a server is to come up on a disk that is full.
            if (version == CurrentVersion)
                return;
            using var transaction = connection.BeginTransaction(deferred: false);
            // Again, under the lock: another process may have been faster.
            Migrate(connection, CheckVersion(connection, path));
            transaction.Commit();
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode == NotADatabase)
        {
            throw new WorkspaceException($"{path} is not a SQLite database, so the folder is not a workspace of BiT. "
                + "Choose another folder.", failure);
        }
    }

    /// <summary>Brings tables to the current version, in the caller's transaction.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="version">The version that it has; 0 for an empty one.</param>
    public static void Migrate(SqliteConnection connection, int version)
    {
        for (; version < CurrentVersion; version++)
            connection.Execute(Migrations[version]);
        connection.Execute(FormattableString.Invariant(
            $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {CurrentVersion};"));
    }

    /// <summary>The version of a database of ours.</summary>
    /// <exception cref="WorkspaceException">It is another program's, or newer than this program.</exception>
    public static int CheckVersion(SqliteConnection connection, string path)
    {
        var version = connection.QueryNumber("PRAGMA user_version");
        var application = connection.QueryNumber("PRAGMA application_id");
        var isEmpty = version == 0 && application == 0 && connection.QueryNumber("SELECT count(*) FROM sqlite_schema") == 0;
        if (!isEmpty && application != ApplicationId)
            throw new WorkspaceException($"{path} is a database of another program (application id {application}). "
                + "Choose another folder as workspace.");
        if (version > CurrentVersion)
        {
            throw new WorkspaceException($"{path} has schema version {version}; this program knows versions up to {CurrentVersion}. "
                + "Use the newer version of BiT that wrote it, or another workspace folder.");
        }
        return (int)version;
    }

    private static void UseWriteAheadLog(SqliteConnection connection, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL";
        var mode = command.ExecuteScalar() as string;
        if (mode != "wal")
            throw new WorkspaceException($"{path} cannot use a write-ahead log (SQLite chose '{mode}'). The workspace needs a local disk.");
    }
}
