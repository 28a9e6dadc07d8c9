using System.Globalization;
using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Looks at a whole workspace and says what is wrong with it. Changes nothing unless it is to repair; may run beside servers and
/// trainers.</summary>
/// <remarks>Rows are read in one snapshot, files afterwards, under a hold: so nothing that a row names is collected meanwhile.</remarks>
public sealed class WorkspaceInspection
{
    internal const string DatabaseName = "bit.db";

    private readonly List<Finding> _findings = [];

    private WorkspaceInspection(string path, InspectionOptions options)
    {
        Path = path;
        Options = options;
    }

    internal string Path { get; }

    internal InspectionOptions Options { get; }

    internal InspectionCounts Counts { get; } = new();

    /// <summary>Who needs which blob.</summary>
    internal BlobUses Uses { get; } = new();

    /// <summary>Inspects a workspace folder.</summary>
    /// <exception cref="WorkspaceException">The folder holds no workspace, or one of a newer version.</exception>
    /// <exception cref="StoreUnavailableException">Another process holds the database.</exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static InspectionReport Run(string path, InspectionOptions options, CancellationToken ct = default)
    {
        var inspection = new WorkspaceInspection(System.IO.Path.GetFullPath(path), options);
        var version = inspection.Run(ct);
        return new InspectionReport
        {
            Workspace = inspection.Path,
            SchemaVersion = version,
            Counts = inspection.Counts,
            Findings = [.. inspection._findings.OrderByDescending(finding => finding.Severity)],
        };
    }

    /// <summary>Notes something; repairs it if that is wanted and possible.</summary>
    /// <param name="repair">Repairs it; null if nothing can.</param>
    internal void Add(string code, FindingSeverity severity, string subject, string message, Action? repair = null)
    {
        var finding = new Finding(code, severity, subject, message, repair is not null);
        if (repair is not null && Options.Repairs)
            finding = TryRepair(finding, repair);
        _findings.Add(finding);
    }

    internal void Error(string code, string subject, string message, Action? repair = null) =>
        Add(code, FindingSeverity.Error, subject, message, repair);

    internal void Note(string code, string subject, string message, Action? repair = null) =>
        Add(code, FindingSeverity.Note, subject, message, repair);

    internal string FolderOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Changes rows to repair something.</summary>
    internal void Write(string sql, params (string Name, object? Value)[] parameters)
    {
        using var connection = InspectedDatabase.OpenToRepair(FolderOf(DatabaseName));
        using var transaction = connection.BeginTransaction(deferred: false);
        connection.Execute(sql, parameters);
        transaction.Commit();
    }

    private static Finding TryRepair(Finding finding, Action repair)
    {
        try
        {
            repair();
            return finding with { IsRepaired = true };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SqliteException or BlobNotFoundException)
        {
            return finding with { Message = $"{finding.Message} It could not be repaired: {failure.Message}" };
        }
    }

    private int Run(CancellationToken ct)
    {
        if (!File.Exists(FolderOf(DatabaseName)))
        {
            throw new WorkspaceException(Directory.Exists(FolderOf("blobs"))
                ? $"{Path} has lost its database {DatabaseName}: restore it from a backup. The files in blobs/ are whatever they were."
                : $"{Path} is not a workspace: it has no {DatabaseName}.");
        }
        using var hold = TryHold(FolderOf("tmp"));
        // Before the rows: a folder is made after its row, so one without a row has lost it.
        var folders = JobFolders.List(FolderOf("jobs"));
        var version = 0;
        try
        {
            using var database = InspectedDatabase.Open(this);
            version = database.Version;
            if (!database.IsReadable)
                return version;
            using var snapshot = database.Connection.BeginTransaction(deferred: true);
            DatasetRows.Check(this, database.Connection);
            ModelRows.Check(this, database.Connection);
            JobRows.Check(this, database.Connection, folders);
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode is InspectedDatabase.Corrupt or InspectedDatabase.NotADatabase)
        {
            Error("DATABASE_DAMAGED", DatabaseName, $"The database cannot be read any further: {failure.Message} {InspectedDatabase.Cure}");
            return version;
        }
        ct.ThrowIfCancellationRequested();
        BlobFiles.Check(this, ct);
        TemporaryFiles.Check(this);
        return version;
    }

    /// <summary>A hold, or null on a read-only disk: nothing is collected there either.</summary>
    internal static BlobHold? TryHold(string temporaryFolder)
    {
        try
        {
            return BlobHold.Take(temporaryFolder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
