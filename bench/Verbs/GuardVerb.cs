using System.CommandLine;
using System.Globalization;
using BiT.Bench.Timing;
using BiT.Bench.Workloads;

namespace BiT.Bench.Verbs;

/// <summary><c>bench guard</c>: what looking at the gradient costs a training step. Both are timed within each step, so that whatever slows the
/// machine down meets both.</summary>
internal static class GuardVerb
{
    public static Command Create()
    {
        var options = new WorkloadOptions();
        var runs = WorkloadOptions.Number("--runs", "Timed steps, after two to warm up.", lowest: 1, highest: 100_000);
        runs.DefaultValueFactory = _ => 50;
        var command = new Command("guard", "Measures the check for an exploding gradient as a share of the step that it is made in.") { runs };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var workload = options.Read(parsed);
            workload.RequireKernels();
            using var folder = new ScratchFolder();
            using var step = new CheckedStep(workload, folder.Artifacts);
            for (var warmUp = 0; warmUp < Interleaving.WarmUps; warmUp++)
                step.Run();
            var times = Enumerable.Range(0, parsed.GetValue(runs)).Select(_ => step.Run()).ToArray();
            parsed.InvocationConfiguration.Output.WriteLine(Report(workload, times));
        });
        return command;
    }

    private static string Report(Workload workload, (double Step, double Check)[] times)
    {
        var (step, check) = (new Sample(times.Select(time => time.Step)), new Sample(times.Select(time => time.Check)));
        var share = new Sample(times.Select(time => 100 * time.Check / time.Step));
        return string.Create(CultureInfo.InvariantCulture,
            $"""
            guard of {workload.Network.Name}, batch {workload.Batch} at {workload.Size} px, {workload.Runtime.IntraOpThreads} threads, {times.Length} steps
              step {step.Median:F1} ms ({step.LowerQuartile:F1} to {step.UpperQuartile:F1}), check {check.Median:F3} ms ({check.LowerQuartile:F3} to {check.UpperQuartile:F3})
              check / step: {share.Median:F2} % ({share.LowerQuartile:F2} to {share.UpperQuartile:F2})
            """);
    }
}
