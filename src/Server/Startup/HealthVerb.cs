using System.Net;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace BiT.Serving.Startup;

/// <summary><c>health</c>: asks the server of this configuration how it is. For the health checks of containers, which have no gRPC client of
/// their own.</summary>
internal static class HealthVerb
{
    public const string Name = "health";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <returns>Exit code: 0 the server answers and serves; 1 it does not.</returns>
    public static async Task<int> RunAsync(ServerOptions options, TextWriter output, TextWriter error)
    {
        var address = AddressOf(options.EndPoint);
        try
        {
            using var channel = GrpcChannel.ForAddress(address);
            var reply = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), deadline: DateTime.UtcNow + Timeout);
            if (reply.Status == HealthCheckResponse.Types.ServingStatus.Serving)
            {
                await output.WriteLineAsync("serving");
                return 0;
            }
            await error.WriteLineAsync($"The server at {address} answers {reply.Status}; its log says why.");
        }
        catch (RpcException failure)
        {
            await error.WriteLineAsync($"The server at {address} does not answer: {failure.Status.Detail}");
        }
        return 1;
    }

    // An address that stands for every interface can be listened on, not called.
    private static string AddressOf(IPEndPoint listens)
    {
        var address = listens.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listens.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : listens.Address;
        return $"http://{new IPEndPoint(address, listens.Port)}";
    }
}
