using BiT.Serving.Startup;
using Google.Protobuf;

namespace BiT.Serving.Rpc;

/// <summary>Our own limit on the size of a message. The transport's lies above it: an error of the transport does not say what to
/// do.</summary>
internal static class RequestSize
{
    // Leaves room for a message that is a little too large to arrive and be refused by name.
    private const long TransportFactor = 2;

    /// <summary>Largest message that the transport takes.</summary>
    public static int TransportLimit(LimitOptions limits) => (int)Math.Min(limits.MaxRequestBytes * TransportFactor, int.MaxValue);

    public static void Check(FieldViolations violations, IMessage request, string field, LimitOptions limits)
    {
        var size = request.CalculateSize();
        violations.Require(size <= limits.MaxRequestBytes, field,
            $"make the request {size:N0} bytes long; the limit is MaxRequestBytes = {limits.MaxRequestBytes:N0}. "
            + "Send several requests or raise the limit.");
    }
}
