using System.Text.Json;
using BiT.Bench.Reports;
using BiT.Bench.Timing;
using BiT.Bench.Workloads;
using BiT.Core.Runtime;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Bench.Reports;

public sealed class BenchReportTests
{
    private static readonly Workload Workload = new(BitNetwork.ByName("R50x1"), 8, 128, new RuntimeOptions { IntraOpThreads = 2 });

    [Fact]
    public void Json_OfAReport_HasTheNamesThatResultsQuote()
    {
        var report = BenchReport.Of("train-step", Workload, (new Sample([90, 100, 110]), new Sample([200]), new Sample([80])),
            operations: 5e10, ("plain", true), (700, 1000));

        var json = JsonDocument.Parse(report.ToJson()).RootElement;

        Assert.Equal("R50x1", json.GetProperty("network").GetString());
        double Number(string name) => json.GetProperty(name).GetDouble();
        Assert.Equal((8, 128, 2, 3), (Number("batch"), Number("size"), Number("threads"), Number("runs")));
        Assert.Equal((100, 80, 500), (Number("median_ms"), Number("images_per_second"), Number("gflops")));
        Assert.Equal([95, 105], json.GetProperty("quartiles").EnumerateArray().Select(quartile => quartile.GetDouble()));
        Assert.Equal((0.5, 1.25), (Number("plain_ratio"), Number("products_ratio")));
        Assert.Equal((700, 0.7), (Number("peak_mb"), Number("peak_ratio")));
        Assert.True(json.GetProperty("plain_is_pinned").GetBoolean());
    }

    [Fact]
    public void LoopReport_OfALoopThatWaits_ComparesImagesPerSecond()
    {
        var report = LoopReport.Of(Workload, steps: 10, new Sample([1000]), new Sample([950]), dataWaitMilliseconds: 20);

        Assert.Equal((80, 84.2, 0.95, 0.02), (report.ImagesPerSecond, report.BareImagesPerSecond, report.SpeedRatio, report.DataWaitShare));
    }

    [Fact]
    public void VersusReport_OfRunsInTurns_ComparesNeighbours()
    {
        // The machine is slower in the second pair, for both.
        var report = VersusReport.Of([(new(90, 150), new(100, 200)), (new(180, 150), new(200, 200)), (new(110, 150), new(100, 200))]);

        Assert.Equal((110, 100, 0.9, 0.9, 0.75, 3),
            (report.MedianMs, report.OtherMedianMs, report.Ratio, report.FastestRatio, report.ProcessorRatio, report.Runs));
        Assert.Equal([0.9, 1], report.RatioQuartiles);
    }
}
