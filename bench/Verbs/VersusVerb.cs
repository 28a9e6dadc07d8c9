using System.CommandLine;
using BiT.Bench.Reports;
using BiT.Bench.Timing;
using BiT.Bench.Workloads;

namespace BiT.Bench.Verbs;

/// <summary><c>bench versus</c>: this build and another one, run by run in turns; the measure of a change.</summary>
internal static class VersusVerb
{
    private const int WarmUps = 2;

    public static Command Create()
    {
        var options = new WorkloadOptions();
        var of = new Option<string>("--of") { Description = "train-step or infer.", Required = true };
        of.AcceptOnlyFromAmong("train-step", "infer");
        var plain = new Option<bool>("--plain") { Description = "The plain form (of infer, the published file without kernels) instead of the managed one." };
        var other = new Option<string?>("--other") { Description = "bench.dll of the other build." };
        var runs = WorkloadOptions.Number("--runs", "Pairs of runs, after two to warm up.", lowest: 1, highest: 10_000);
        runs.DefaultValueFactory = _ => 11;
        var json = new Option<bool>("--json") { Description = "Print one line of JSON instead of text." };
        // For the two processes.
        var serve = new Option<bool>("--serve") { Hidden = true };
        var command = new Command("versus", "Times this build and another one in turns.") { of, plain, other, runs, json, serve };
        command.Validators.Add(result =>
        {
            if (!result.GetValue(serve) && !File.Exists(result.GetValue(other)))
                result.AddError($"--other is '{result.GetValue(other)}'; expected the path of another build's bench.dll.");
        });
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(serve))
            {
                using var folder = new ScratchFolder();
                var workload = options.Read(parsed);
                workload.RequireKernels();
                var isPlain = parsed.GetValue(plain);
                using ITimedForm form = parsed.GetValue(of) == "infer"
                    ? new Inference(workload, isPlain ? InferenceNorm.Instance : InferenceNorm.Managed, folder.Artifacts)
                    : new TrainStep(workload, !isPlain, folder.Artifacts);
                ServedForm.Serve(form, Console.In, output);
                return;
            }
            // As they came, but for the other build itself.
            var pairs = Time(parsed.GetValue(other) ?? "", [.. parsed.Tokens.Select(token => token.Value), "--serve"], parsed.GetValue(runs));
            var report = VersusReport.Of(pairs);
            output.WriteLine(parsed.GetValue(json) ? report.ToJson() : report.ToText());
        });
        return command;
    }

    private static List<(ServedRun This, ServedRun Other)> Time(string otherProgram, IReadOnlyList<string> arguments, int runs)
    {
        using var own = new ServedForm(typeof(VersusVerb).Assembly.Location, arguments);
        using var other = new ServedForm(otherProgram, arguments);
        var pairs = new List<(ServedRun, ServedRun)>(runs);
        for (var run = -WarmUps; run < runs; run++)
        {
            // Who comes first changes from pair to pair.
            var early = run % 2 == 0 ? own.Run() : other.Run();
            var late = run % 2 == 0 ? other.Run() : own.Run();
            if (run >= 0)
                pairs.Add(run % 2 == 0 ? (early, late) : (late, early));
        }
        return pairs;
    }
}
