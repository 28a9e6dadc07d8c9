using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit jobs [list|show|watch|cancel|pause|resume|rerun|delete]</c></summary>
internal static class JobsCommand
{
    private static readonly string[] States =
        [.. Enum.GetValues<JobState>().Where(state => state != JobState.Unspecified).Select(state => JsonShapes.StateOf(state))];

    public static Command Create(CliEnvironment environment)
    {
        var list = CreateList("list", "List jobs, newest first.", environment);
        var command = CreateList("jobs", "List, follow, pause, cancel, repeat and delete fine-tuning jobs. Alone: list.", environment);
        command.Subcommands.Add(list);
        command.Subcommands.Add(CreateForJob("show", "Show a job with its plan.", environment, (terminal, client, job, cancellationToken) =>
            ShowAsync(terminal, client.GetFineTuneJobAsync(job, cancellationToken))));
        command.Subcommands.Add(CreateForJob("watch", "Follow a job until it is done. Ctrl+C leaves it running.", environment, WatchAsync));
        command.Subcommands.Add(CreateForJob("cancel", "Ask a job to stop.", environment, CancelAsync));
        command.Subcommands.Add(CreateForJob("pause", "Set a job aside at a checkpoint; its trainer is free for others.", environment, PauseAsync));
        command.Subcommands.Add(CreateForJob("resume", "Queue a paused job again; it goes on from its checkpoint.", environment, ResumeAsync));
        command.Subcommands.Add(CreateForJob("rerun", "Do again what a job did, by its plan, and compare the hashes of what is published.",
            environment, RerunCommand.RunAsync));
        command.Subcommands.Add(CreateForJob("delete", "Delete a job that is done, its events and checkpoints. Its version stays.",
            environment, DeleteAsync));
        return command;
    }

    /// <summary>Tells how a job stands: the answer of the commands that end with one job.</summary>
    /// <param name="withPlan">False where the plan was told before.</param>
    public static void Report(Terminal terminal, FineTuneJob job, bool withPlan, string? lastLine = null) => terminal.Answer(JsonShapes.Of(job), console =>
    {
        console.Write(Tables.Facts(FactsOf(job, terminal.Time).Concat(withPlan ? PlanText.Rows(job.PlanJson) : [])));
        if (lastLine is not null)
            console.WriteLine(lastLine);
    });

    private static Command CreateList(string name, string description, CliEnvironment environment)
    {
        var limit = new Option<int>("--limit", "-n") { Description = "At most this many.", HelpName = "N", DefaultValueFactory = _ => 20 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[^1].Value, out var value) && value < 1)
                result.AddError($"--limit is {value}; expected 1 or more.");
        });
        var state = new Option<string?>("--state")
        {
            Description = $"Only jobs in this state: {string.Join(", ", States)}.",
            HelpName = "STATE",
        };
        state.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !States.Contains(result.Tokens[^1].Value, StringComparer.OrdinalIgnoreCase))
                result.AddError($"--state is '{result.Tokens[^1].Value}'; expected {string.Join(", ", States)}.");
        });
        var filter = new Option<string?>("--filter")
        {
            Description = "Only jobs that meet these conditions, for example 'done = false AND model = models/flowers'. "
                + "Fields: state, done, model, dataset; operators: =, !=.",
            HelpName = "CONDITIONS",
        };
        return new Command(name, description) { limit, state, filter }.Calls(environment, async (parsed, terminal, client, cancellationToken) =>
        {
            var wanted = FilterOf(parsed.GetValue(state), parsed.GetValue(filter));
            var jobs = await client.ListFineTuneJobsAsync(wanted, cancellationToken).Take(parsed.GetValue(limit))
                .ToListAsync(cancellationToken);
            terminal.Answer(new { Jobs = jobs.Select(JsonShapes.Of) }, console =>
            {
                if (jobs.Count == 0)
                {
                    console.WriteLine(wanted.Length > 0 ? $"No job meets: {wanted}"
                        : "No jobs yet. Submit one: bit finetune FOLDER --model NAME --wait");
                    return;
                }
                var table = Tables.Create("Job", "State", "Model", "Step", "Accuracy", "Left", "Submitted");
                foreach (var job in jobs)
                    table.AddRow(
                        Tables.Cell(ResourceName.Id(job.Name)), Tables.Cell(StateOf(job)), Tables.Cell(ResourceName.Id(job.Spec.Model)),
                        Tables.Cell(StepsOf(job.Progress)), Tables.Cell(Show.Percent(AccuracyOf(job.Progress))),
                        Tables.Cell(!job.IsDone && job.Progress?.TimeLeft is { } left ? Show.Duration(left) : ""),
                        Tables.Cell(Show.Moment(job.CreateTime, terminal.Time)));
                console.Write(table);
            });
            return ExitCodes.Ok;
        });
    }

    private static string FilterOf(string? state, string? filter)
        => string.Join(" AND ", new[] { state is null ? null : $"state = {state.ToUpperInvariant()}", filter }.OfType<string>());

    private static Command CreateForJob(
        string name, string description, CliEnvironment environment, Func<Terminal, BitClient, string, CancellationToken, Task<int>> action)
    {
        var job = new Argument<string>("JOB") { Description = "The job's id, as `bit jobs` lists it." };
        return new Command(name, description) { job }.Calls(environment, (parsed, terminal, client, cancellationToken) =>
            action(terminal, client, ResourceName.Job(parsed.GetRequiredValue(job)), cancellationToken));
    }

    private static async Task<int> ShowAsync(Terminal terminal, Task<FineTuneJob> asked)
    {
        Report(terminal, await asked, withPlan: true);
        return ExitCodes.Ok;
    }

    private static async Task<int> WatchAsync(Terminal terminal, BitClient client, string job, CancellationToken cancellationToken)
    {
        var done = (await JobWatch.FollowAsync(terminal, client, job, cancellationToken)).Job;
        JobWatch.RequireSuccess(done);
        Report(terminal, done, withPlan: false);
        return ExitCodes.Ok;
    }

    private static async Task<int> CancelAsync(Terminal terminal, BitClient client, string name, CancellationToken cancellationToken)
    {
        var job = await client.CancelFineTuneJobAsync(name, cancellationToken);
        terminal.Answer(JsonShapes.Of(job), console => console.WriteLine(job switch
        {
            { State: JobState.Cancelled } => $"{job.Name} is cancelled.",
            { IsDone: true } => $"{job.Name} was already done: {JsonShapes.StateOf(job.State)}.",
            _ => $"{job.Name} will stop shortly. Follow it: bit jobs watch {ResourceName.Id(job.Name)}",
        }));
        return ExitCodes.Ok;
    }

    private static async Task<int> PauseAsync(Terminal terminal, BitClient client, string name, CancellationToken cancellationToken)
    {
        var job = await client.PauseFineTuneJobAsync(name, cancellationToken);
        terminal.Answer(JsonShapes.Of(job), console => console.WriteLine(job.State == JobState.Paused
            ? $"{job.Name} is paused. Go on: bit jobs resume {ResourceName.Id(job.Name)}"
            : $"{job.Name} will pause shortly. Go on later: bit jobs resume {ResourceName.Id(job.Name)}"));
        return ExitCodes.Ok;
    }

    private static async Task<int> ResumeAsync(Terminal terminal, BitClient client, string name, CancellationToken cancellationToken)
    {
        var job = await client.ResumeFineTuneJobAsync(name, cancellationToken);
        terminal.Answer(JsonShapes.Of(job), console => console.WriteLine(job.State == JobState.Running
            ? $"{job.Name} keeps running."
            : $"{job.Name} is in the queue again. Follow it: bit jobs watch {ResourceName.Id(job.Name)}"));
        return ExitCodes.Ok;
    }

    private static async Task<int> DeleteAsync(Terminal terminal, BitClient client, string name, CancellationToken cancellationToken)
    {
        await client.DeleteFineTuneJobAsync(name, cancellationToken);
        terminal.Answer(new { Name = name, Deleted = true }, console => console.WriteLine($"{name} is deleted; its model version stays."));
        return ExitCodes.Ok;
    }

    private static IEnumerable<(string, string)> FactsOf(FineTuneJob job, TimeProvider clock)
    {
        yield return ("job", job.Name);
        yield return ("state", StateOf(job));
        yield return ("waiting", CommandHints.InCommands(job.WaitingReason));
        yield return ("error", job.Error is null ? "" : $"{job.Error.Reason}: {job.Error.Message}");
        yield return ("model", job.Spec.Model);
        yield return ("model version", job.ModelVersion);
        yield return ("promotion", job.PromotionOutcome?.Reason
            ?? (job.Spec.Promotion == PromotionRule.Never ? "" : $"{PromotionText.NameOf(job.Spec.Promotion)}, not decided yet"));
        yield return ("data set", job.Spec.Dataset);
        yield return ("heartbeat", job.HeartbeatAge is { } age ? $"{Show.Duration(age)} ago" : "");
        yield return ("progress", job.Progress is null || job.IsDone ? "" : $"{job.Progress.Phase}  {TrainingText.Details(job.Progress)}");
        yield return ("steps", job.IsDone ? StepsOf(job.Progress) : "");
        yield return ("validation accuracy", job.IsDone ? Show.Percent(AccuracyOf(job.Progress)) : "");
        yield return ("attempt", job.Attempt > 1 ? $"{job.Attempt} (resumed)" : "");
        yield return ("submitted", Show.Moment(job.CreateTime, clock));
        yield return ("took", job is { StartTime: { } start, EndTime: { } end } ? Show.Duration(end - start) : "");
    }

    private static string StateOf(FineTuneJob job)
        => JsonShapes.StateOf(job.State) + job switch
        {
            { IsDone: true } => "",
            { IsCancelRequested: true } => ", stopping",
            { IsPauseRequested: true } => ", pausing",
            _ => "",
        };

    private static string StepsOf(FineTuneProgress? progress)
        => progress is { TotalSteps: > 0 } ? Show.Invariant($"{progress.Step}/{progress.TotalSteps}") : "";

    private static double? AccuracyOf(FineTuneProgress? progress) => progress?.BestValidationAccuracy ?? progress?.ValidationAccuracy;
}
