using System.CommandLine;
using BiT.Bench.Reports;
using BiT.Bench.Timing;
using BiT.Bench.Workloads;

namespace BiT.Bench.Verbs;

/// <summary><c>bench loop</c>: the training loop of a job, and as many bare steps, in turns.</summary>
internal static class LoopVerb
{
    public static Command Create()
    {
        var options = new WorkloadOptions();
        var steps = WorkloadOptions.Number("--steps", "Steps of one run.", lowest: 2, highest: 100_000);
        var runs = WorkloadOptions.Number("--runs", "Timed runs of each, after two to warm up.", lowest: 1, highest: 1000);
        var json = new Option<bool>("--json") { Description = "Print one line of JSON instead of text." };
        (steps.DefaultValueFactory, runs.DefaultValueFactory) = (_ => 20, _ => 5);
        var command = new Command("loop", "Measures what reading, augmenting and checkpoints cost a training loop above its steps.") { steps, runs, json };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var workload = options.Read(parsed);
            workload.RequireKernels();
            using var folder = new ScratchFolder();
            var (stepCount, runCount) = (parsed.GetValue(steps), parsed.GetValue(runs));
            using var loop = new LoopRun(workload, stepCount, folder.Artifacts, folder.Path);
            using var bare = new Repeated(new TrainStep(workload, fused: true, folder.Artifacts), stepCount);
            var samples = Interleaving.Time([loop, bare], runCount);
            var wait = loop.DataWait.TotalMilliseconds / (runCount + Interleaving.WarmUps);
            var report = LoopReport.Of(workload, stepCount, samples[0], samples[1], wait);
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(json) ? report.ToJson() : report.ToText());
        });
        return command;
    }
}
