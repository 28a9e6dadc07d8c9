using System.Net;

namespace BiT.Serving.Startup;

/// <summary>Where the server listens. Section <c>Listen</c>.</summary>
internal sealed record ListenOptions
{
    /// <summary>Where the pages are if nothing else is said.</summary>
    public const string DefaultWebAddress = "http://127.0.0.1:5076";

    private const string NoWebAddress = "none";

    /// <summary><c>http://{IP address or localhost}:{port}</c>; port 0 takes a free one, which the ready line names.</summary>
    public string Address { get; init; } = "http://127.0.0.1:5075";

    /// <summary>Whether an address that other machines can reach is allowed. There is no authentication: whoever reaches the port may use
    /// and change everything.</summary>
    public bool AllowRemote { get; init; }

    /// <summary>Where browsers find the pages: as <see cref="Address"/>, or <c>none</c>. Not set: <see cref="DefaultWebAddress"/>, or a free
    /// port if another program has that one.</summary>
    public string? WebAddress { get; init; }

    /// <summary>Where <see cref="Address"/> says; a placeholder if that is wrong.</summary>
    /// <param name="violation">What is wrong, or null.</param>
    public IPEndPoint ToEndPoint(out string? violation) => Parse(nameof(Address), Address, out violation);

    /// <summary>Where <see cref="WebAddress"/> says; null for <c>none</c>, a placeholder if it is wrong.</summary>
    /// <param name="violation">What is wrong, or null.</param>
    public IPEndPoint? ToWebEndPoint(out string? violation)
    {
        violation = null;
        if (WebAddress is not null && WebAddress.Equals(NoWebAddress, StringComparison.OrdinalIgnoreCase))
            return null;
        var endPoint = Parse(nameof(WebAddress), WebAddress ?? DefaultWebAddress, out violation);
        if (violation is null && WebAddress is not null && endPoint.Port != 0 && endPoint.Equals(ToEndPoint(out _)))
        {
            violation = $"Listen:WebAddress and Listen:Address are both {WebAddress}; browsers and gRPC need a port each. "
                + "Choose another port, or port 0 for a free one.";
        }
        return endPoint;
    }

    private IPEndPoint Parse(string name, string text, out string? violation)
    {
        violation = null;
        var loopback = new IPEndPoint(IPAddress.Loopback, 0);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/"
            || uri.UserInfo.Length > 0)
        {
            violation = $"Listen:{name} is '{text}'; expected http://ADDRESS:PORT, for example http://127.0.0.1:5075"
                + (name == nameof(WebAddress) ? ", or none." : ".") + " For TLS, put a proxy in front.";
            return loopback;
        }
        var host = uri.Host.Trim('[', ']');
        var address = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : null;
        if (address is null && !IPAddress.TryParse(host, out address))
        {
            violation = $"Listen:{name} names the host '{host}'; expected an IP address or localhost "
                + "(0.0.0.0 listens on every interface).";
            return loopback;
        }
        if (!IPAddress.IsLoopback(address) && !AllowRemote)
        {
            violation = $"Listen:{name} {text} can be reached from other machines, and the server has no authentication. "
                + "Listen on 127.0.0.1, or set Listen:AllowRemote true if the network protects the port.";
        }
        return new IPEndPoint(address, uri.Port);
    }
}
