using System.CommandLine;
using System.Text.RegularExpressions;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit finetune DATA --model NAME</c></summary>
internal static partial class FineTuneCommand
{
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
        var promote = new Option<bool>("--promote") { Description = "Let the new version serve when it is ready; implies --wait." };
        var requestId = new Option<string?>("--request-id")
        {
            Description = "Makes the submission repeatable: the same id with the same content returns the first job.",
            HelpName = "ID",
        };
        var spec = new SpecOptions();
        var command = new Command("finetune", "Teach a network new classes from labelled photos.") { data, model, wait, promote };
        spec.AddTo(command);
        command.Options.Add(requestId);
        return command.Calls(environment, async (parsed, terminal, client, cancellationToken) =>
        {
            var dataset = await DatasetInput.ResolveAsync(terminal, client, parsed.GetRequiredValue(data), cancellationToken);
            var job = await client.SubmitFineTuneJobAsync(
                spec.Read(parsed, dataset.Name, parsed.GetRequiredValue(model)), parsed.GetValue(requestId) ?? "", cancellationToken);
            var isPromoted = parsed.GetValue(promote);
            if (!isPromoted && !parsed.GetValue(wait))
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
            if (isPromoted)
                await client.SetAliasAsync(done.Spec.Model, done.ModelVersion, cancellationToken: cancellationToken);
            JobsCommand.Report(terminal, done, isPromoted ? $"{done.ModelVersion} is live." : null);
            return ExitCodes.Ok;
        });
    }

    // As models.proto has it.
    [GeneratedRegex("^(models/)?[a-z][a-z0-9-]{0,62}$", RegexOptions.CultureInvariant)]
    private static partial Regex ModelName();
}
