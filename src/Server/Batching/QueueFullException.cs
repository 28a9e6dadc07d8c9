namespace BiT.Serving.Batching;

/// <summary>A queue has no place for the images of a request.</summary>
/// <param name="retryAfter">When it is worth trying again.</param>
internal sealed class QueueFullException(string message, TimeSpan retryAfter) : Exception(message)
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>A graph failed on a batch; only the callers in that batch see it.</summary>
internal sealed class BatchFailedException(Exception inner)
    : Exception($"The model failed on a batch of images: {inner.Message.TrimEnd('.')}. The server's log holds the details; "
        + "other requests are not affected.", inner);
