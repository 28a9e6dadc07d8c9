using BiT.Serving.Startup;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>Reads a client's stream and gives up on a client that sends nothing for too long.</summary>
/// <remarks>Kestrel watches the data rate of unary calls only, so the time between messages is watched here.</remarks>
internal sealed class TimedReader<T>(IAsyncStreamReader<T> messages, LimitOptions limits, TimeProvider time)
{
    /// <summary>The message that was read last.</summary>
    public T Current => messages.Current;

    /// <returns>False at the end of the stream.</returns>
    /// <exception cref="UploadIdleException">Nothing came.</exception>
    public async Task<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        using var idle = new CancellationTokenSource(limits.UploadIdleTimeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
        try
        {
            // A read must be cancelled, never abandoned: Kestrel reuses the stream's pipe, and a read left behind would take the bytes of a
            // later call.
            return await messages.MoveNext(stop.Token);
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new UploadIdleException(limits.UploadIdleTimeout);
        }
    }
}
