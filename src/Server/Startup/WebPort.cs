using System.Net;
using System.Net.Sockets;

namespace BiT.Serving.Startup;

/// <summary>The port of the pages. A port that somebody asked for is taken or the server does not start; the default gives way, for two
/// servers on one machine are no mistake.</summary>
internal static class WebPort
{
    /// <param name="notice">What to tell about it, or null.</param>
    /// <returns>Where to listen, port 0 for a free one; null for nowhere.</returns>
    public static IPEndPoint? Choose(ServerOptions options, out string? notice)
    {
        notice = null;
        if (options.WebEndPoint is not { } endPoint || options.Listen.WebAddress is not null || IsFree(endPoint, options.EndPoint))
            return options.WebEndPoint;
        notice = $"Port {endPoint.Port}, the default of the pages for browsers, is taken: they are on a free one, web_address in the line that says ready. "
            + "Choose one with --Listen:WebAddress http://127.0.0.1:PORT, or none.";
        return new IPEndPoint(endPoint.Address, 0);
    }

    private static bool IsFree(IPEndPoint endPoint, IPEndPoint rpc)
    {
        if (endPoint.Port == rpc.Port)
            return false;
        try
        {
            using var probe = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
