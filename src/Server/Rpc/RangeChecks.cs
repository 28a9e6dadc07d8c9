using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace BiT.Serving.Rpc;

/// <summary>Reads optional fields that have a range.</summary>
/// <param name="violations">Receives what is out of range.</param>
/// <param name="prefix">Path of the message that holds the fields.</param>
internal sealed class RangeChecks(FieldViolations violations, string prefix)
{
    public int? Whole(bool isSet, int value, string field, int least, int most)
    {
        if (!isSet)
            return null;
        violations.Require(value >= least && value <= most, prefix + field, $"is {value}; expected {least:N0} to {most:N0}.");
        return value;
    }

    /// <param name="least">Smallest value allowed; <see cref="double.Epsilon"/> means "over 0".</param>
    public double? Real(bool isSet, double value, string field, double least, double most)
    {
        if (!isSet)
            return null;
        // NaN fails both comparisons.
        violations.Require(value >= least && value <= most, prefix + field, string.Create(CultureInfo.InvariantCulture,
            $"is {value}; expected {(least == double.Epsilon ? "over 0" : least.ToString(CultureInfo.InvariantCulture))} to {most}."));
        return value;
    }

    public TimeSpan? Span(Duration? value, string field, TimeSpan least, TimeSpan most)
    {
        if (value is null)
            return null;
        // Compared as seconds: a hostile Duration is beyond what a TimeSpan holds.
        var seconds = value.Seconds + (value.Nanos / 1e9);
        var isValid = value.Nanos is > -1_000_000_000 and < 1_000_000_000 && seconds >= least.TotalSeconds && seconds <= most.TotalSeconds;
        violations.Require(isValid, prefix + field, $"is {seconds} s; expected {least.TotalSeconds:N0} to {most.TotalSeconds:N0} s.");
        return isValid ? TimeSpan.FromSeconds(seconds) : null;
    }

    public void NotAbove(int? value, string field, int? limit, string limitField) =>
        violations.Require(!(value > limit), prefix + field, $"is {value}, above {limitField} = {limit}.");
}
