using System.Globalization;
using System.Text.Json;
using BiT.Bench.Timing;
using BiT.Bench.Workloads;

namespace BiT.Bench.Reports;

/// <summary>What a training loop costs above its steps.</summary>
internal sealed record LoopReport
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string Bench { get; } = "loop";
    public required string Network { get; init; }
    public required int Batch { get; init; }
    public required int Size { get; init; }
    public required int Threads { get; init; }

    /// <summary>Of the whole loop.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Of the bare step.</summary>
    public required double BareImagesPerSecond { get; init; }

    /// <summary>The loop's images/s over the bare step's.</summary>
    public required double SpeedRatio { get; init; }

    /// <summary>Share of the loop's time in which it waited for data.</summary>
    public required double DataWaitShare { get; init; }

    /// <param name="workload">What was measured.</param>
    /// <param name="steps">Steps of one run of each.</param>
    /// <param name="loop">Runs of the loop.</param>
    /// <param name="bare">Runs of as many bare steps.</param>
    /// <param name="dataWaitMilliseconds">Mean of a run of the loop.</param>
    public static LoopReport Of(Workload workload, int steps, Sample loop, Sample bare, double dataWaitMilliseconds)
    {
        var images = (double)steps * workload.Batch * 1000;
        return new LoopReport
        {
            Network = workload.Network.Name,
            Batch = workload.Batch,
            Size = workload.Size,
            Threads = workload.Runtime.IntraOpThreads,
            ImagesPerSecond = Math.Round(images / loop.Median, 1),
            BareImagesPerSecond = Math.Round(images / bare.Median, 1),
            SpeedRatio = Math.Round(bare.Median / loop.Median, 3),
            DataWaitShare = Math.Round(dataWaitMilliseconds / loop.Median, 4),
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    public string ToText() => string.Create(CultureInfo.InvariantCulture,
        $"""
        loop of {Network}, batch {Batch} at {Size} px, {Threads} threads
          {ImagesPerSecond} images/s, bare step {BareImagesPerSecond}: ratio {SpeedRatio}
          waits for data {DataWaitShare * 100:F2} % of the time
        """);
}
