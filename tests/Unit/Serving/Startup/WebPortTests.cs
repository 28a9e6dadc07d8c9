using System.Net;
using System.Net.Sockets;
using BiT.Serving.Startup;
using Microsoft.Extensions.Configuration;

namespace BiT.Tests.Unit.Serving.Startup;

public sealed class WebPortTests
{
    [Fact]
    public void Choose_DefaultThatIsTaken_GivesAFreePortAndSaysSo()
    {
        // Taken by this test, or by whatever else runs on this machine: taken it is.
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            holder.Bind(new IPEndPoint(IPAddress.Loopback, 5076));
            holder.Listen();
        }
        catch (SocketException)
        {
        }

        var chosen = WebPort.Choose(Read(), out var notice);

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 0), chosen);
        Assert.Contains("5076", notice, StringComparison.Ordinal);
        Assert.Contains("Listen:WebAddress", notice, StringComparison.Ordinal);
        // A port that was asked for is not given up.
        Assert.Equal(5076, WebPort.Choose(Read("--Listen:WebAddress", "http://127.0.0.1:5076"), out _)?.Port);
    }

    [Fact]
    public void Choose_DefaultThatTheCallsTake_GivesAFreePort() =>
        Assert.Equal(0, WebPort.Choose(Read("--Listen:Address", "http://127.0.0.1:5076"), out _)?.Port);

    [Fact]
    public void Choose_None_IsNone()
    {
        Assert.Null(WebPort.Choose(Read("--Listen:WebAddress", "none"), out var notice));
        Assert.Null(notice);
    }

    private static ServerOptions Read(params string[] arguments)
    {
        string[] all = ["--Trainer:Enabled", "false", .. arguments];
        return ServerOptions.Read(new ConfigurationBuilder().AddCommandLine(all).Build(), all);
    }
}
