using BiT.Serving.Startup;

namespace BiT.Serving.Rpc;

/// <summary>Bounds the uploads that run at one time.</summary>
internal sealed class UploadSlots(LimitOptions limits)
    : CallSlots(limits.MaxConcurrentUploads, limit => new TooManyUploadsException(limit));
