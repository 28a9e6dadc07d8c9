using BiT.Core.Store;

namespace BiT.Serving.ModelFiles;

/// <summary>A version has no raw weights to download.</summary>
internal sealed class NoWeightsException(ModelVersionId version)
    : Exception($"{version} was imported as a graph for inference: its weights are folded, and the raw ones were never here. "
        + "Download its inference graph.")
{
    public ModelVersionId Version { get; } = version;
}

/// <summary>As many downloads run as the server takes at one time.</summary>
internal sealed class TooManyDownloadsException(int limit)
    : Exception($"{limit} downloads are running; the limit is Limits:MaxConcurrentDownloads = {limit}. "
        + "Try again when one has ended, or raise the limit.")
{
    public int Limit { get; } = limit;
}

/// <summary>A client has taken nothing for too long.</summary>
internal sealed class DownloadIdleException(TimeSpan timeout)
    : Exception($"Nothing was taken for Limits:DownloadIdleTimeout = {timeout}. Read faster or raise the limit.");

/// <summary>What arrived is not what the client sent.</summary>
internal sealed class UploadDamagedException(string expected, string actual)
    : Exception($"The bytes that arrived have the sha256 {actual}; the client sent bytes with {expected}. Nothing was imported; send the file again.");
