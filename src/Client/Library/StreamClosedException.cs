using Grpc.Core;

namespace BiT.Client;

/// <summary>An upload stream closed before everything was sent: the service has answered already, usually with a refusal, or vanished. The
/// reply of the call has the true reason.</summary>
internal sealed class StreamClosedException : Exception
{
    private StreamClosedException(Exception inner)
        : base("The upload stream is closed.", inner)
    {
    }

    /// <summary>Awaits a write; the several ways in which it fails on a closed stream become this exception.</summary>
    internal static async Task WhileOpenAsync(Task writing)
    {
        try
        {
            await writing.ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is RpcException or InvalidOperationException or IOException)
        {
            throw new StreamClosedException(failure);
        }
    }
}
