using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using BiT.Bench.Timing;
using BiT.Bench.Workloads;
using BiT.Core.Runtime;

namespace BiT.Bench.Reports;

/// <summary>What a bench found. Times are milliseconds of one run; ratios are of medians, measured in turns in one process.</summary>
internal sealed record BenchReport
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public required string Bench { get; init; }
    public required string Network { get; init; }
    public required int Batch { get; init; }
    public required int Size { get; init; }
    public required int Threads { get; init; }
    public required int Runs { get; init; }
    public required double MedianMs { get; init; }

    /// <summary>Lower and upper quartile, ms.</summary>
    public required IReadOnlyList<double> Quartiles { get; init; }
    public required double ImagesPerSecond { get; init; }

    /// <summary>10^9 operations of convolutions and products per second of the whole run.</summary>
    public required double Gflops { get; init; }

    /// <summary>Peak resident memory of a process that does nothing else, MiB.</summary>
    public required double PeakMb { get; init; }

    /// <summary>Which plain form is compared.</summary>
    public required string PlainForm { get; init; }

    /// <summary>Whether the plain graph is one of bench/baselines.</summary>
    public required bool PlainIsPinned { get; init; }
    public required double PlainMedianMs { get; init; }
    public required double PlainRatio { get; init; }
    public required double PlainPeakMb { get; init; }
    public required double PeakRatio { get; init; }

    /// <summary>The products alone; of inference, the network without its norms.</summary>
    public required double ProductsMedianMs { get; init; }
    public required double ProductsRatio { get; init; }
    public string OnnxRuntime { get; init; } = SessionFactory.RuntimeVersion;
    public int KernelVersion { get; init; } = ManagedKernels.Version;

    /// <param name="bench">Name of the bench.</param>
    /// <param name="workload">What was measured.</param>
    /// <param name="times">Of the managed form, the plain one and the products.</param>
    /// <param name="operations">Of the products in one run.</param>
    /// <param name="plain">Name of the plain form, and whether it is pinned.</param>
    /// <param name="peaks">MiB, of the managed form and the plain one.</param>
    public static BenchReport Of(
        string bench, Workload workload, (Sample Managed, Sample Plain, Sample Products) times, double operations,
        (string Form, bool IsPinned) plain, (double Managed, double Plain) peaks)
    {
        var median = times.Managed.Median;
        return new BenchReport
        {
            Bench = bench,
            Network = workload.Network.Name,
            Batch = workload.Batch,
            Size = workload.Size,
            Threads = workload.Runtime.IntraOpThreads,
            Runs = times.Managed.Count,
            MedianMs = Math.Round(median, 2),
            Quartiles = [Math.Round(times.Managed.LowerQuartile, 2), Math.Round(times.Managed.UpperQuartile, 2)],
            ImagesPerSecond = Math.Round(workload.Batch * 1000 / median, 1),
            Gflops = Math.Round(operations / median / 1e6, 1),
            PeakMb = Math.Round(peaks.Managed),
            PlainForm = plain.Form,
            PlainIsPinned = plain.IsPinned,
            PlainMedianMs = Math.Round(times.Plain.Median, 2),
            PlainRatio = Math.Round(median / times.Plain.Median, 3),
            PlainPeakMb = Math.Round(peaks.Plain),
            PeakRatio = Math.Round(peaks.Managed / peaks.Plain, 3),
            ProductsMedianMs = Math.Round(times.Products.Median, 2),
            ProductsRatio = Math.Round(median / times.Products.Median, 3),
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    public string ToText() => string.Create(CultureInfo.InvariantCulture,
        $"""
        {Bench} of {Network}, batch {Batch} at {Size} px, {Threads} threads, {Runs} runs
          median     {MedianMs} ms ({Quartiles[0]} to {Quartiles[1]}), {ImagesPerSecond} images/s, {Gflops} GFLOP/s
          plain      {PlainMedianMs} ms ({PlainForm}{(PlainIsPinned ? "" : ", not pinned")}): ratio {PlainRatio}
          products   {ProductsMedianMs} ms: ratio {ProductsRatio}
          memory     {PeakMb} MiB, plain {PlainPeakMb} MiB: ratio {PeakRatio}
        """);
}
