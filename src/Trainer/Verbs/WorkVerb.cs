using System.CommandLine;
using System.Runtime.InteropServices;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Publishing;
using BiT.Training.Worker;
using BiT.Training.Worker.Tasks;

namespace BiT.Training.Verbs;

/// <summary><c>work</c>: runs jobs of a workspace until it is stopped.</summary>
internal static class WorkVerb
{
    private const int OomScore = 500;

    public static Command Create()
    {
        var workspace = WorkOptions.CreateWorkspace();
        workspace.Validators.Add(result =>
        {
            if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string?>()))
                result.AddError($"--workspace is not given; expected a folder, or the variable {Variables.Workspace}.");
        });
        var aliveFile = WorkOptions.CreateAliveFile();
        var exitWithStdin = new Option<bool>("--exit-with-stdin") { Description = "Stop when standard input closes: with the process that started this one." };
        var options = new WorkOptions();
        var command = new Command("work", "Leases fine-tuning jobs of a workspace and runs them until SIGTERM.") { workspace, aliveFile, exitWithStdin };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var read = options.Read(parsed);
            var log = options.OpenLog(parsed, parsed.InvocationConfiguration.Error, !Console.IsErrorRedirected, parsed.GetValue(exitWithStdin));
            CheckProvider(read.Runtime, log);
            await RunAsync(parsed.GetValue(workspace) ?? "", read, parsed.GetValue(aliveFile), parsed.GetValue(exitWithStdin), log, cancellation);
            return TrainerCommand.Success;
        });
        return command;
    }

    private static void CheckProvider(RuntimeOptions options, TextWriter log)
    {
        try
        {
            SessionFactory.Check(options, log.WriteLine);
        }
        catch (ExecutionProviderException problem)
        {
            throw new UsageException(problem.Message);
        }
    }

    private static async Task RunAsync(
        string workspacePath, TrainerOptions options, string? aliveFile, bool exitWithStdin, TextWriter log, CancellationToken cancellation)
    {
        RaiseOomScore(log);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        if (exitWithStdin)
            _ = Task.Run(() => StopAtEndOfInput(stop), CancellationToken.None);
        using var workspace = Workspace.Open(workspacePath, TimeProvider.System);
        var synchronized = TextWriter.Synchronized(log);
        using var alive = aliveFile is null ? null : new AliveFile(aliveFile, workspace, TimeProvider.System, synchronized);
        var worker = new TrainerWorker(workspace, options, TimeProvider.System, synchronized);
        var publisher = new Publisher(workspace, options.ExternalDataThreshold);
        TaskHandler[] handlers =
        [
            new EstimateHandler(workspace, options), new PreviewHandler(workspace, options), new EvaluateTask(workspace, options, synchronized),
            new ImportHandler(workspace, publisher), new ComposeHandler(workspace, publisher, synchronized.WriteLine),
        ];
        var tasks = new TaskLane(workspace, options, handlers, () => worker.IsJobRunning, TimeProvider.System, synchronized);
        // Each blocks its thread for as long as it works. If one breaks, the process ends, and whoever supervises it sees that.
        Task[] lanes = [Task.Run(() => worker.RunAsync(stop.Token), CancellationToken.None), Task.Run(() => tasks.RunAsync(stop.Token), CancellationToken.None)];
        await Task.WhenAny(lanes);
        await stop.CancelAsync();
        await Task.WhenAll(lanes);
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    private static void StopAtEndOfInput(CancellationTokenSource stop)
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (input.Read(buffer) > 0)
        {
        }
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Stopped already.
        }
    }

    // If memory runs out, the kernel is to end the training, which resumes, and not the serving beside it.
    private static void RaiseOomScore(TextWriter log)
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", OomScore.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            log.WriteLine($"oom_score_adj stays as it is: {problem.Message}");
        }
    }
}
