using BiT.Serving.Rpc;
using BiT.Serving.Startup;

namespace BiT.Serving.ModelFiles;

/// <summary>Bounds the downloads that run at one time.</summary>
internal sealed class DownloadSlots(LimitOptions limits)
    : CallSlots(limits.MaxConcurrentDownloads, limit => new TooManyDownloadsException(limit));
