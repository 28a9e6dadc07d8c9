using System.CommandLine;
using System.Text.RegularExpressions;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit finetune DATA --model NAME</c></summary>
internal static partial class FineTuneCommand
{
    // The data set gets its name by its upload.
    private const string Unnamed = "unnamed";

    public static Command Create(CliEnvironment environment)
    {
        var data = new Argument<string>("DATA") { Description = $"{DatasetInput.FolderRule} Or a data set uploaded before: {DatasetReference.Rule}" };
        var model = new Option<string>("--model", "-m")
        {
        Required = true,
        HelpName = "NAME",
        Description = "The model that receives the new version."
        };
        var wait = new Option<bool>("--wait", "-w")
        {
        Description = "Show the progress and wait for the end. Ctrl+C leaves the job running."
        };
        // Before the photos are sent: a refusal after minutes of upload helps nobody.
        model.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !ModelName().IsMatch(result.Tokens[^1].Value))
                result.AddError($"--model is '{result.Tokens[^1].Value}'; expected 1 to 63 characters a-z, 0-9 and -, beginning with a letter.");
        });
        var promote = new Option<string?>("--promote")
        {
            Description = "Let the new version serve when it is ready: always (also if nothing follows), or if-better than the version that "
                + "serves now, measured on the same validation photos. The server does it; implies --wait.",
            HelpName = "WHEN",
            Arity = ArgumentArity.ZeroOrOne,
        };
        promote.AcceptOnlyFromAmong(PromotionText.Always, PromotionText.IfBetter);
        var requestId = new Option<string?>("--request-id")
        {
            Description = "Makes the submission repeatable: the same id with the same content returns the first job.",
            HelpName = "ID",
        };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Only print the plan, and how long it would take and how much memory and disk. The photos are uploaded; nothing is trained.",
        };
        var preview = new Option<string?>("--preview")
        {
            Description = "Only write a page with the first batches as training would see them. The photos are uploaded; nothing is trained.",
            HelpName = "FILE",
        };
        var spec = new SpecOptions();
        preview.Validators.Add(result =>
        {
            if (result.GetResult(dryRun) is { Implicit: false })
                result.AddError("--preview and --dry-run are two things to do; name one of them.");
        });
        var command = new Command("finetune", "Teach a network new classes from labelled photos.") { data, model, wait, promote, dryRun, preview };
        spec.AddTo(command);
        command.Options.Add(requestId);
        return command.Calls(environment, async (parsed, terminal, client, cancellationToken) =>
        {
            var rule = parsed.GetResult(promote) is { Implicit: false } ? parsed.GetValue(promote) ?? PromotionText.Always : null;
            var wanted = spec.Read(parsed, Unnamed, parsed.GetRequiredValue(model)) with { Promotion = PromotionText.RuleOf(rule) };
            var isTrial = parsed.GetValue(dryRun) || parsed.GetValue(preview) is not null;
            var dataset = await DatasetInput.ResolveAsync(terminal, client, parsed.GetRequiredValue(data), async () =>
            {
                await client.CheckFineTuneSpecAsync(wanted, cancellationToken);
                if (isTrial)
                    terminal.Say("Nothing will be trained; the server needs the photos all the same.");
            }, cancellationToken);
            wanted = wanted with { Dataset = dataset.Name };
            if (parsed.GetValue(preview) is { } file)
                return await FineTuneTrial.PreviewAsync(terminal, client, wanted, file, cancellationToken);
            if (parsed.GetValue(dryRun))
                return await FineTuneTrial.EstimateAsync(terminal, client, wanted, cancellationToken);
            var job = await client.SubmitFineTuneJobAsync(wanted, parsed.GetValue(requestId) ?? "", cancellationToken);
            if (rule is null && !parsed.GetValue(wait))
            {
                terminal.Answer(JsonShapes.Of(job), console =>
                {
                    console.WriteLine($"Submitted {job.Name}");
                    console.WriteLine($"Watch it: bit jobs watch {ResourceName.Id(job.Name)}");
                });
                return ExitCodes.Ok;
            }
            terminal.Say($"Submitted {job.Name}");
            var done = (await JobWatch.FollowAsync(terminal, client, job.Name, cancellationToken)).Job;
            JobWatch.RequireSuccess(done);
            JobsCommand.Report(terminal, done, withPlan: false, NextStep(done));
            return ExitCodes.Ok;
        });
    }

    private static string NextStep(FineTuneJob job)
    {
        var (model, version) = (ResourceName.Id(job.Spec.Model), job.ModelVersion[(job.ModelVersion.LastIndexOf('/') + 1)..]);
        return job.PromotionOutcome is { IsPromoted: true }
            ? $"Try it: bit classify {model} PHOTO"
            : $"Try it: bit classify {model}/{version} PHOTO. Serve it: bit models promote {model}/{version}";
    }

    // As models.proto has it.
    [GeneratedRegex("^(models/)?[a-z][a-z0-9-]{0,62}$", RegexOptions.CultureInvariant)]
    private static partial Regex ModelName();
}
