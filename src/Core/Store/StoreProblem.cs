using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>What keeps the database from being read or written.</summary>
public enum StoreProblem
{
    /// <summary>The disk fails. Also what nobody has classified.</summary>
    DiskFailed,

    /// <summary>Another process writes to it.</summary>
    Busy,

    /// <summary>The disk is full.</summary>
    DiskFull,

    /// <summary>The file or its file system is read-only.</summary>
    ReadOnly,

    /// <summary>It cannot be opened: its folder is gone or not permitted.</summary>
    NotAccessible,

    /// <summary>Its bytes are not those of a sound database.</summary>
    Damaged,

    /// <summary>SQLite got no memory.</summary>
    OutOfMemory,
}

/// <summary>Sorts SQLite's failures: by what its user can do about them.</summary>
internal static class StoreProblems
{
    // sqlite3.h.
    private const int Permission = 3;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int NoMemory = 7;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int Protocol = 15;
    private const int NotADatabase = 26;
    private const int InputOutputNoMemory = InputOutput | (12 << 8);

    /// <summary>The problem of the surroundings that a failure shows; null for a bug of ours.</summary>
    public static StoreProblem? Of(SqliteException failure) => (failure.SqliteErrorCode, failure.SqliteExtendedErrorCode) switch
    {
        (NoMemory, _) or (_, InputOutputNoMemory) => StoreProblem.OutOfMemory,
        // PROTOCOL: the locks of the write-ahead log were contended for ten seconds.
        (Busy or Locked or Protocol, _) => StoreProblem.Busy,
        (ReadOnly or Permission, _) => StoreProblem.ReadOnly,
        (InputOutput, _) => StoreProblem.DiskFailed,
        (Corrupt or NotADatabase, _) => StoreProblem.Damaged,
        (CannotOpen, _) => StoreProblem.NotAccessible,
        (Full, _) => StoreProblem.DiskFull,
        _ => null,
    };

    /// <summary>What to tell about a failure; null for a bug of ours.</summary>
    public static string? Describe(SqliteException failure, TimeSpan busyTimeout) => Of(failure) switch
    {
        StoreProblem.Busy => $"Another process held the database for more than BusyTimeout = {busyTimeout.TotalSeconds} s. "
            + "Try again; find out what holds it.",
        StoreProblem.ReadOnly => "The database cannot be written: the file or its file system is read-only. Check the workspace's permissions.",
        StoreProblem.DiskFailed => $"The disk failed under the database: {failure.Message} Check the disk, then try again.",
        StoreProblem.Damaged => $"The database is damaged: {failure.Message} Stop the server and the trainers, look with bit doctor, and restore a backup.",
        StoreProblem.NotAccessible => "The database cannot be opened: its folder is gone, read-only or not permitted. Check the workspace's folder and its permissions.",
        StoreProblem.DiskFull => "The disk that holds the workspace is full. Nothing was stored; free some space and try again.",
        StoreProblem.OutOfMemory => "The database got no memory from the system. Nothing was stored; give the process more memory, or fewer things to do at a time.",
        _ => null,
    };
}
