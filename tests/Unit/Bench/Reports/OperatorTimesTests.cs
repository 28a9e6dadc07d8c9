using BiT.Bench.Reports;

namespace BiT.Tests.Unit.Bench.Reports;

public sealed class OperatorTimesTests
{
    [Fact]
    public void Times_OfAProfile_AreMeansOfTheRunsThatCount()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "profile.json");
        File.WriteAllText(path, """
            [{"cat":"Session","name":"model_run","dur":900,"args":{}},
             {"cat":"Node","name":"a_kernel_time","dur":500,"args":{"op_name":"Conv"}},
             {"cat":"Node","name":"a_fence_before","dur":7,"args":{"op_name":"Conv"}},
             {"cat":"Node","name":"a_kernel_time","dur":100,"args":{"op_name":"Conv"}},
             {"cat":"Node","name":"b_kernel_time","dur":40,"args":{"op_name":"Relu"}},
             {"cat":"Node","name":"a_kernel_time","dur":300,"args":{"op_name":"Conv"}}]
            """);

        // b ran once, which is the run that does not count.
        Assert.Equal([new OperatorTime("Conv", "a", 0.2)], OperatorTimes.Read(path, skippedRuns: 1));
    }
}
