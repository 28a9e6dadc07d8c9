using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>The SQLite database of a workspace: connections with the right settings, and the two kinds of transaction.</summary>
internal sealed class Database : IDisposable
{
    private readonly string _connectionString;
    private readonly WorkspaceOptions _options;
    private readonly SqliteConnection _watcher;
    private readonly Lock _watcherGate = new();
    // Threads of one process queue here instead of in SQLite's busy handler, which polls and is not fair.
    private readonly Lock _writerGate = new();

    public Database(string path, WorkspaceOptions options)
    {
        _options = options;
        // The command timeout makes the library itself retry on SQLITE_BUSY where SQLite does not call the busy handler
        // (switching to WAL, recovery after a crash).
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            ForeignKeys = true,
            DefaultTimeout = (int)Math.Ceiling(options.BusyTimeout.TotalSeconds),
        }.ToString();
        // Its own connection, for PRAGMA data_version compares with what the same connection saw before.
        _watcher = new SqliteConnection(_connectionString + ";Pooling=False");
        try
        {
            Configure(_watcher);
            Schema.Prepare(_watcher, path);
        }
        catch (Exception failure)
        {
            _watcher.Dispose();
            if (failure is SqliteException database && Describe(database) is { } message)
                throw new WorkspaceException($"{path}: {message}", failure);
            throw;
        }
    }

    /// <summary>Runs reads that belong together on one snapshot. Never waits for a writer.</summary>
    /// <exception cref="StoreUnavailableException">The disk failed.</exception>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        try
        {
            using var connection = Open();
            using var transaction = connection.BeginTransaction(deferred: true);
            return read(connection);
        }
        catch (SqliteException failure) when (Describe(failure) is { } message)
        {
            throw new StoreUnavailableException(message, failure);
        }
    }

    /// <summary>Runs reads and writes as one durable transaction; an exception undoes all of it.</summary>
    /// <remarks>BEGIN IMMEDIATE: a transaction that begins by reading and then writes fails at once, without any waiting,
    /// if another process wrote in between.</remarks>
    /// <exception cref="StoreUnavailableException">The disk is full or failed, or another process held the database too long.</exception>
    public T Write<T>(Func<SqliteConnection, T> write)
    {
        lock (_writerGate)
        {
            try
            {
                using var connection = Open();
                using var transaction = connection.BeginTransaction(deferred: false);
                var result = write(connection);
                transaction.Commit();
                return result;
            }
            catch (SqliteException failure) when (Describe(failure) is { } message)
            {
                throw new StoreUnavailableException(message, failure);
            }
        }
    }

    /// <summary>A number that differs from the one before if anybody committed in between.</summary>
    /// <exception cref="StoreUnavailableException">The disk failed.</exception>
    public long DataVersion()
    {
        try
        {
            lock (_watcherGate)
                return _watcher.QueryNumber("PRAGMA data_version");
        }
        catch (SqliteException failure) when (Describe(failure) is { } message)
        {
            throw new StoreUnavailableException(message, failure);
        }
    }

    public void Dispose()
    {
        lock (_watcherGate)
            _watcher.Dispose();
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    private string? Describe(SqliteException failure) => StoreProblems.Describe(failure, _options.BusyTimeout);

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            Configure(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Configure(SqliteConnection connection)
    {
        connection.Open();
        // synchronous FULL: what was acknowledged survives a power cut (NORMAL would lose the last commits in WAL mode).
        connection.Execute(FormattableString.Invariant(
            $"PRAGMA busy_timeout = {(long)_options.BusyTimeout.TotalMilliseconds}; PRAGMA synchronous = FULL;"));
    }
}
