using System.Net;

namespace BiT.Serving.Startup;

/// <summary>Where the server listens. Section <c>Listen</c>.</summary>
internal sealed record ListenOptions
{
    /// <summary><c>http://{IP address or localhost}:{port}</c>; port 0 takes a free one, which the ready line names.</summary>
    public string Address { get; init; } = "http://127.0.0.1:5075";

    /// <summary>Whether an address that other machines can reach is allowed. There is no authentication: whoever reaches the port may use
    /// and change everything.</summary>
    public bool AllowRemote { get; init; }

    /// <summary>Parses <see cref="Address"/>.</summary>
    /// <param name="violation">What is wrong, or null.</param>
    public IPEndPoint ToEndPoint(out string? violation)
    {
        violation = null;
        var loopback = new IPEndPoint(IPAddress.Loopback, 0);
        if (!Uri.TryCreate(Address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/"
            || uri.UserInfo.Length > 0)
        {
            violation = $"Listen:Address is '{Address}'; expected http://ADDRESS:PORT, for example http://127.0.0.1:5075. "
                + "For TLS, put a proxy in front.";
            return loopback;
        }
        var host = uri.Host.Trim('[', ']');
        var address = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : null;
        if (address is null && !IPAddress.TryParse(host, out address))
        {
            violation = $"Listen:Address names the host '{host}'; expected an IP address or localhost "
                + "(0.0.0.0 listens on every interface).";
            return loopback;
        }
        if (!IPAddress.IsLoopback(address) && !AllowRemote)
        {
            violation = $"Listen:Address {Address} can be reached from other machines, and the server has no authentication. "
                + "Listen on 127.0.0.1, or set Listen:AllowRemote true if the network protects the port.";
        }
        return new IPEndPoint(address, uri.Port);
    }
}
