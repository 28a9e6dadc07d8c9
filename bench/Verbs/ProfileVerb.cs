using System.CommandLine;
using System.Globalization;
using BiT.Bench.Reports;
using BiT.Bench.Workloads;

namespace BiT.Bench.Verbs;

/// <summary><c>bench profile</c>: where the time of a workload goes, by operator, as ONNX Runtime's profiler sees it.</summary>
internal static class ProfileVerb
{
    private const int Runs = 5;

    public static Command Create()
    {
        var options = new WorkloadOptions();
        var of = new Option<string>("--of") { Description = "train-step or infer.", Required = true };
        of.AcceptOnlyFromAmong("train-step", "infer");
        var plain = new Option<bool>("--plain") { Description = "The plain form (of infer, the published file without kernels) instead of the managed one." };
        var nodes = new Option<bool>("--nodes") { Description = "By node instead of by operator." };
        var command = new Command("profile", "Prints the milliseconds of one run by operator.") { of, plain, nodes };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            using var folder = new ScratchFolder();
            var prefix = Path.Combine(folder.Path, "profile");
            var workload = options.Read(parsed);
            workload.RequireKernels();
            workload = workload with { Runtime = workload.Runtime with { ProfilePrefix = prefix } };
            var isPlain = parsed.GetValue(plain);
            using (ITimedForm form = parsed.GetValue(of) == "infer"
                ? new Inference(workload, isPlain ? InferenceNorm.Instance : InferenceNorm.Managed, folder.Artifacts)
                : new TrainStep(workload, !isPlain, folder.Artifacts))
            {
                for (var run = 0; run <= Runs; run++)
                    form.Run();
            }
            var lines = Directory.GetFiles(folder.Path, "profile*.json").SelectMany(path => OperatorTimes.Read(path, skippedRuns: 1)).ToArray();
            var rows = lines.GroupBy(line => parsed.GetValue(nodes) ? line.Node : line.Operator)
                .Select(group => (Name: group.Key, Milliseconds: group.Sum(line => line.Milliseconds), Count: group.Count())).OrderByDescending(row => row.Milliseconds);
            foreach (var (name, milliseconds, count) in rows)
                parsed.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{milliseconds,10:F2} ms {count,5} x {name}"));
        });
        return command;
    }
}
