using BiT.Core.Store;

namespace BiT.Serving.Rpc;

/// <summary>There is no data set or job of that name.</summary>
/// <param name="reason">Stable code, for example JOB_NOT_FOUND.</param>
/// <param name="resource">The name that was asked for.</param>
internal sealed class ResourceNotFoundException(string reason, string resource, string message) : Exception(message)
{
    public string Reason { get; } = reason;

    public string Resource { get; } = resource;

    public static ResourceNotFoundException Dataset(string name) =>
        new("DATASET_NOT_FOUND", name, $"There is no data set '{name}'. Upload it first; ListDatasets shows those that exist.");

    public static ResourceNotFoundException Job(string name) =>
        new("JOB_NOT_FOUND", name, $"There is no job '{name}'. ListFineTuneJobs shows those that exist.");
}

/// <summary>As many uploads run as the server takes at one time.</summary>
internal sealed class TooManyUploadsException(int limit)
    : Exception($"{limit} uploads are running; the limit is Limits:MaxConcurrentUploads = {limit}. "
        + "Try again when one has ended, or raise the limit.")
{
    public int Limit { get; } = limit;
}

/// <summary>A client has sent nothing for too long.</summary>
internal sealed class UploadIdleException(TimeSpan timeout)
    : Exception($"Nothing came for Limits:UploadIdleTimeout = {timeout}. Send the next message sooner or raise the limit.");

/// <summary>The server stops; a stream that could go on for hours ends.</summary>
internal sealed class ServerStoppingException()
    : Exception("The server is stopping. Call again when it is back; a watch continues from its last cursor.");

/// <summary>An upload has too few good photos to make a data set; nothing is stored.</summary>
internal sealed class DatasetBlockedException(IReadOnlyList<DatasetProblem> problems) : Exception(Describe(problems))
{
    private const int FilesInMessage = 3;

    /// <summary>Everything that was found, the blocking problems first.</summary>
    public IReadOnlyList<DatasetProblem> Problems { get; } = problems;

    private static string Describe(IReadOnlyList<DatasetProblem> problems)
    {
        var blocking = problems.Where(problem => problem.Severity == ProblemSeverity.Blocking).Select(problem => problem.Message);
        var files = problems.Where(problem => problem.FileName.Length > 0 && problem.Severity == ProblemSeverity.LeftOut).ToList();
        var first = files.Take(FilesInMessage).Select(problem => $"{FieldViolations.Quote(problem.FileName)} ({problem.Reason})");
        return string.Join(" ", blocking) + (files.Count == 0 ? "" : $" {files.Count} file(s) could not be used: "
            + $"{string.Join(", ", first)}{(files.Count > FilesInMessage ? ", ..." : "")}.");
    }
}

/// <summary>An archive did not arrive as it was sent.</summary>
internal sealed class ArchiveChecksumException(string message) : Exception(message);
