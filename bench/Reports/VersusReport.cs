using System.Globalization;
using System.Text.Json;
using BiT.Bench.Timing;

namespace BiT.Bench.Reports;

/// <summary>Two builds of one workload, timed in turns.</summary>
internal sealed record VersusReport
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Median of this build, ms.</summary>
    public required double MedianMs { get; init; }

    /// <summary>Median of the other build, ms.</summary>
    public required double OtherMedianMs { get; init; }

    /// <summary>Median over the pairs of neighbouring runs: this build's time over the other's.</summary>
    public required double Ratio { get; init; }

    /// <summary>Lower and upper quartile of the pairs' ratios.</summary>
    public required IReadOnlyList<double> RatioQuartiles { get; init; }

    /// <summary>This build's fastest run over the other's: what load of other programs disturbs least.</summary>
    public required double FastestRatio { get; init; }

    /// <summary>Processor time of all runs of this build over that of the other: hardly changed by waiting for a processor.</summary>
    public required double ProcessorRatio { get; init; }
    public required int Runs { get; init; }

    /// <param name="pairs">Runs of this build and of the other, one after the other.</param>
    public static VersusReport Of(IReadOnlyList<(ServedRun This, ServedRun Other)> pairs)
    {
        var (own, other) = (new Sample(pairs.Select(pair => pair.This.Milliseconds)), new Sample(pairs.Select(pair => pair.Other.Milliseconds)));
        var ratios = new Sample(pairs.Select(pair => pair.This.Milliseconds / pair.Other.Milliseconds));
        return new VersusReport
        {
            MedianMs = Math.Round(own.Median, 2),
            OtherMedianMs = Math.Round(other.Median, 2),
            Ratio = Math.Round(ratios.Median, 4),
            RatioQuartiles = [Math.Round(ratios.LowerQuartile, 4), Math.Round(ratios.UpperQuartile, 4)],
            FastestRatio = Math.Round(pairs.Min(pair => pair.This.Milliseconds) / pairs.Min(pair => pair.Other.Milliseconds), 4),
            ProcessorRatio = Math.Round(pairs.Sum(pair => pair.This.ProcessorMilliseconds) / pairs.Sum(pair => pair.Other.ProcessorMilliseconds), 4),
            Runs = pairs.Count,
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    public string ToText() => string.Create(CultureInfo.InvariantCulture,
        $"this {MedianMs} ms, other {OtherMedianMs} ms: ratio {Ratio} ({RatioQuartiles[0]} to {RatioQuartiles[1]}), of the fastest runs {FastestRatio}, of processor time {ProcessorRatio}, {Runs} pairs");
}
