using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using BiT.Core.Store;
using BiT.Serving.Startup;

namespace BiT.Serving.Upkeep;

/// <summary><c>doctor</c>, <c>gc</c>, <c>backup</c> and <c>restore</c>: work on a workspace folder, with or without a server beside. What
/// <c>bit</c> starts; each answers with one line of JSON on standard output.</summary>
internal static class UpkeepVerbs
{
    public const string Doctor = "doctor";
    public const string Collect = "gc";
    public const string Backup = "backup";
    public const string Restore = "restore";

    private const int Success = 0;
    private const int Failure = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static bool Has(string[] arguments) => arguments is [Doctor or Collect or Backup or Restore, ..];

    /// <returns>Exit code: 0 done, and the store is consistent; 1 it is not, or it could not be done.</returns>
    /// <exception cref="ConfigurationException">The command line is wrong.</exception>
    public static int Run(string[] arguments, TimeProvider time, TextWriter output, TextWriter error)
    {
        var options = UpkeepOptions.Read(arguments);
        try
        {
            var (answer, code) = arguments[0] switch
            {
                Doctor => Inspect(options, error),
                Collect => CollectOnce(options, time),
                Backup => (WorkspaceBackup.Make(options.Workspace, options.Require(options.To, "To"), time, error.WriteLine), Success),
                _ => RestoreOnce(options, time, error),
            };
            output.WriteLine(JsonSerializer.Serialize(answer, Json));
            return code;
        }
        catch (Exception failure) when (ReasonOf(failure) is { } reason)
        {
            output.WriteLine(JsonSerializer.Serialize(new { Error = new { Reason = reason, failure.Message } }, Json));
            return Failure;
        }
    }

    private static (object Answer, int Code) Inspect(UpkeepOptions options, TextWriter error)
    {
        var report = WorkspaceInspection.Run(options.Workspace, new InspectionOptions
        {
            IsQuick = options.IsQuick,
            Repairs = options.Repairs,
            Source = options.From,
            Progress = error.WriteLine,
        });
        return (report, report.IsConsistent ? Success : Failure);
    }

    private static (object Answer, int Code) CollectOnce(UpkeepOptions options, TimeProvider time)
    {
        // Opening makes a workspace; whoever has misspelt a name wants none.
        if (!File.Exists(Path.Combine(options.Workspace, "bit.db")))
            throw new WorkspaceException($"{options.Workspace} is not a workspace: it has no bit.db.");
        using var workspace = Workspace.Open(options.Workspace, time);
        return (workspace.Collect(options.Retention.ToCollection(), options.IsDryRun), Success);
    }

    private static (object Answer, int Code) RestoreOnce(UpkeepOptions options, TimeProvider time, TextWriter error)
    {
        var (manifest, report) = WorkspaceRestore.Run(options.Require(options.From, "From"), options.Workspace, time, error.WriteLine);
        return (new { Backup = manifest, report.Workspace, report.SchemaVersion, report.Counts }, Success);
    }

    private static string? ReasonOf(Exception failure) => failure switch
    {
        WorkspaceException => "NOT_A_WORKSPACE",
        BackupException => "BACKUP_REFUSED",
        StoreUnavailableException => "STORE_UNAVAILABLE",
        InvalidDataException => "STORE_DAMAGED",
        Microsoft.Data.Sqlite.SqliteException => "STORE_UNAVAILABLE",
        IOException or UnauthorizedAccessException => "FILE_ACCESS",
        _ => null,
    };
}
