using System.CommandLine;
using BiT.CommandLine.Demo;

namespace BiT.CommandLine;

/// <summary><c>bit demo</c>: the whole service in one command.</summary>
internal static class DemoCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var data = new Option<string?>("--data")
        {
            Description = $"Learn from these photos instead of drawn flowers. {DatasetInput.FolderRule}",
            HelpName = "DATA",
        };
        var keep = new Option<bool>("--keep") { Description = "Keep the workspace and say where it is." };
        var serverPath = ServeCommand.ServerPath();
        var trainerPath = ServeCommand.TrainerPath();
        var spec = new SpecOptions();
        var command = new Command("demo",
            "Start a server of its own, draw flowers of five classes, learn them, serve the model, classify held-out pictures, clean up.")
        {
            data, keep,
        };
        spec.AddTo(command);
        command.Options.Add(serverPath);
        command.Options.Add(trainerPath);
        return command.Does(environment, async (parsed, terminal, cancellationToken) =>
        {
            var run = new DemoRun(terminal)
            {
                Data = parsed.GetValue(data),
                Keep = parsed.GetValue(keep),
                ServerExecutable = Executables.Find("Server", parsed.GetValue(serverPath), "--server-path"),
                TrainerExecutable = Executables.Find("Trainer", parsed.GetValue(trainerPath), "--trainer-path"),
                SpecFor = (dataset, model) => spec.Read(parsed, dataset, model),
            };
            var report = await run.RunAsync(cancellationToken);
            terminal.Answer(report, report.Write);
            return ExitCodes.Ok;
        });
    }
}
