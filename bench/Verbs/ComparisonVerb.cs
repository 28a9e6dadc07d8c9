using System.CommandLine;
using BiT.Bench.Reports;
using BiT.Bench.Timing;
using BiT.Bench.Workloads;
using BiT.Training.Artifacts;

namespace BiT.Bench.Verbs;

/// <summary>A bench that compares forms of one workload: the managed one, plain ones of which the fastest counts, and the products alone.</summary>
/// <param name="Name">Name of the verb.</param>
/// <param name="Description">What it measures.</param>
/// <param name="PlainForms">Names of the plain forms.</param>
internal abstract record ComparisonVerb(string Name, string Description, IReadOnlyList<string> PlainForms)
{
    protected const string ManagedForm = "managed";
    private const string ProductsForm = "products";

    /// <summary>Loads a form by its name.</summary>
    protected abstract ITimedForm Open(string form, Workload workload, ArtifactCache artifacts);

    protected abstract double Operations(Workload workload);

    protected abstract string HashOfPlainForms(Workload workload);

    public Command CreateCommand()
    {
        var (options, runs) = (new WorkloadOptions(), WorkloadOptions.Number("--runs", "Timed runs of each form, after two to warm up.", lowest: 1, highest: 10_000));
        var json = new Option<bool>("--json") { Description = "Print one line of JSON instead of text." };
        // For the processes that measure memory.
        var peakOf = new Option<string?>("--peak-of") { Hidden = true };
        peakOf.AcceptOnlyFromAmong([ManagedForm, .. PlainForms]);
        runs.DefaultValueFactory = _ => 11;
        var command = new Command(Name, Description) { runs, json, peakOf };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var workload = options.Read(parsed);
            workload.RequireKernels();
            using var folder = new ScratchFolder();
            if (parsed.GetValue(peakOf) is { } form)
            {
                ProcessMemory.Report(() => Open(form, workload, folder.Artifacts), parsed.InvocationConfiguration.Output);
                return;
            }
            var isPinned = PinnedHashes.Load().Check(Name, workload, HashOfPlainForms(workload));
            if (!isPinned)
                parsed.InvocationConfiguration.Error.WriteLine($"{PinnedHashes.Key(Name, workload)} is not in bench/baselines/plain-graphs.txt: its plain graph is that of today's code.");
            var report = Measure(workload, parsed.GetValue(runs), folder.Artifacts, isPinned);
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(json) ? report.ToJson() : report.ToText());
        });
        return command;
    }

    private BenchReport Measure(Workload workload, int runs, ArtifactCache artifacts, bool isPinned)
    {
        double PeakOf(string form) => ProcessMemory.OfChild([Name, "--network", workload.Network.Name, "--batch", $"{workload.Batch}", "--size", $"{workload.Size}",
            "--threads", $"{workload.Runtime.IntraOpThreads}", .. workload.Runtime.AllowSpinning ? ["--spinning"] : Array.Empty<string>(), "--peak-of", form]);

        var forms = new List<ITimedForm>();
        try
        {
            foreach (var form in (IEnumerable<string>)[ManagedForm, ProductsForm, .. PlainForms])
                forms.Add(Open(form, workload, artifacts));
            var samples = Interleaving.Time(forms, runs);
            var fastest = Enumerable.Range(0, PlainForms.Count).MinBy(index => samples[2 + index].Median);
            return BenchReport.Of(Name, workload, (samples[0], samples[2 + fastest], samples[1]), Operations(workload), (PlainForms[fastest], isPinned),
                (PeakOf(ManagedForm), PeakOf(PlainForms[fastest])));
        }
        finally
        {
            foreach (var form in forms)
                form.Dispose();
        }
    }
}
