using System.CommandLine;
using System.Runtime.InteropServices;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Training.Worker;

namespace BiT.Training.Verbs;

/// <summary><c>work</c>: runs jobs of a workspace until it is stopped.</summary>
internal static class WorkVerb
{
    private const int OomScore = 500;

    public static Command Create()
    {
        var workspace = new Option<string>("--workspace") { Description = "Folder of the workspace.", Required = true };
        var worker = new Option<string>("--worker-id")
        {
            Description = "Who this worker is, in leases and logs.",
            DefaultValueFactory = _ => $"trainer-{Environment.MachineName}-{Environment.ProcessId}",
        };
        var exitWithStdin = new Option<bool>("--exit-with-stdin") { Description = "Stop when standard input closes: with the process that started this one." };
        var threads = new Option<int>("--threads") { Description = "Threads of an operator; 0 means one per core." };
        var provider = new Option<string>("--provider") { Description = "Execution provider: cpu or cuda:N.", DefaultValueFactory = _ => "cpu" };
        var spinning = new Option<bool>("--spinning") { Description = "Let idle threads spin: faster on a machine of its own, rude on a shared one." };
        var checkpoint = new Option<double>("--checkpoint-seconds") { Description = "Seconds between two checkpoints.", DefaultValueFactory = _ => 30 };
        var command = new Command("work", "Leases fine-tuning jobs of a workspace and runs them until SIGTERM.")
        {
            workspace, worker, exitWithStdin, threads, provider, spinning, checkpoint,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var seconds = parsed.GetValue(checkpoint);
            if (!(seconds > 0 && seconds <= 86_400))
                throw new UsageException($"--checkpoint-seconds is {seconds}; expected more than 0 and at most 86400.");
            var options = new TrainerOptions
            {
                WorkerId = parsed.GetRequiredValue(worker),
                Runtime = new RuntimeOptions
                {
                    ExecutionProvider = parsed.GetRequiredValue(provider),
                    IntraOpThreads = parsed.GetValue(threads),
                    AllowSpinning = parsed.GetValue(spinning),
                },
                CheckpointInterval = TimeSpan.FromSeconds(seconds),
            };
            CheckProvider(options.Runtime);
            await RunAsync(parsed.GetRequiredValue(workspace), options, parsed.GetValue(exitWithStdin), parsed.InvocationConfiguration.Error, cancellation);
            return TrainerCommand.Success;
        });
        return command;
    }

    private static void CheckProvider(RuntimeOptions options)
    {
        try
        {
            SessionFactory.Check(options);
        }
        catch (ExecutionProviderException problem)
        {
            throw new UsageException(problem.Message);
        }
    }

    private static async Task RunAsync(string workspacePath, TrainerOptions options, bool exitWithStdin, TextWriter log, CancellationToken cancellation)
    {
        RaiseOomScore(log);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        if (exitWithStdin)
            _ = Task.Run(() => StopAtEndOfInput(stop), CancellationToken.None);
        using var workspace = Workspace.Open(workspacePath, TimeProvider.System);
        await new TrainerWorker(workspace, options, TimeProvider.System, TextWriter.Synchronized(log)).RunAsync(stop.Token);
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
