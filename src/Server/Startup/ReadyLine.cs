using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace BiT.Serving.Startup;

/// <summary>The one line on standard output: programs that start the server wait for it and learn the addresses. Logs go to standard
/// error.</summary>
internal static class ReadyLine
{
    private static readonly JsonSerializerOptions JsonOptions = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <param name="hasWeb">Whether the server has a web address too.</param>
    public static void Print(IServer server, bool hasWeb, TextWriter output)
    {
        // In the order in which they were asked for: gRPC, then the pages.
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses.ToArray() ?? [];
        if (addresses.Length != (hasWeb ? 2 : 1))
            throw new InvalidOperationException($"The server has started with {addresses.Length} addresses: {string.Join(", ", addresses)}.");
        output.WriteLine(JsonSerializer.Serialize(new Line(true, addresses[0], hasWeb ? addresses[1] : null), JsonOptions));
        output.Flush();
    }

    private sealed record Line(
        [property: JsonPropertyName("ready")] bool IsReady,
        [property: JsonPropertyName("address")] string Address,
        [property: JsonPropertyName("web_address")] string? WebAddress);
}
