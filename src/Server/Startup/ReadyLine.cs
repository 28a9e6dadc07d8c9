using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace BiT.Serving.Startup;

/// <summary>The one line on standard output: programs that start the server wait for it and learn the address. Logs go to standard
/// error.</summary>
internal static class ReadyLine
{
    public static void Print(IServer server, TextWriter output)
    {
        var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? throw new InvalidOperationException("The server has started without an address.");
        output.WriteLine($$"""{"ready":true,"address":{{JsonSerializer.Serialize(address)}}}""");
        output.Flush();
    }
}
