using System.ComponentModel;
using System.Diagnostics;
using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Serving.Telemetry;

namespace BiT.Serving.Jobs;

/// <summary>Keeps one trainer process running beside the server.</summary>
/// <remarks>A trainer that dies is started again, and its job goes back to the queue at once instead of when its lease expires. Its
/// standard input stays open as long as the server lives: when it closes, for whatever reason, the trainer ends.</remarks>
internal sealed class TrainerSupervisor(
    TrainerOptions options, RuntimeOptions runtime, Workspace workspace, JobSignals signals, TimeProvider time, ServerMetrics metrics,
    ILogger<TrainerSupervisor> logger)
    : BackgroundService
{
    // Output that is still in the pipes when the process has ended.
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);

    private readonly string _workerId = $"local-{Guid.NewGuid():N}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Enabled)
            return;
        var trainer = TrainerCommand.Find(options)
            ?? throw new FileNotFoundException(
                $"{TrainerCommand.FileName} is no longer where it was found at the start. Build the solution or set Trainer:Path.");
        var backoff = new RestartBackoff();
        while (!stoppingToken.IsCancellationRequested)
        {
            var start = time.GetTimestamp();
            var (outcome, end) = await RunOnceAsync(trainer, stoppingToken);
            Requeue(end);
            if (stoppingToken.IsCancellationRequested)
                return;
            var life = time.GetElapsedTime(start);
            var delay = backoff.After(life);
            metrics.TrainerRestarts.Add(1);
            logger.LogWarning("The trainer {Outcome} after {Life}; it is started again in {Delay}.", outcome, life, delay);
            await Task.Delay(delay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Runs a trainer until it ends or the server stops.</summary>
    /// <returns>How it ended: for the log, and for the job that it worked on (null if it never was).</returns>
    private async Task<(string Outcome, WorkerEnd? End)> RunOnceAsync(string trainer, CancellationToken stopping)
    {
        using var process = new Process { StartInfo = TrainerCommand.Create(options, runtime, trainer, workspace.Path, _workerId) };
        try
        {
            process.Start();
        }
        catch (Win32Exception failure)
        {
            return ($"could not be started ({failure.Message.TrimEnd('.')})", null);
        }
        var evidence = new TrainerEvidence();
        var start = time.GetTimestamp();
        logger.LogInformation("Started trainer {Trainer} as process {ProcessId}, worker {Worker}.", trainer, process.Id, _workerId);
        // A pipe that nobody reads fills up and stops the trainer.
        var drains = Task.WhenAll(DrainAsync(process.StandardOutput, evidence), DrainAsync(process.StandardError, evidence));
        await WatchAsync(process, evidence, stopping);
        var wasStopped = !process.HasExited;
        if (wasStopped)
            await StopAsync(process);
        await drains.WaitAsync(DrainTimeout, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return (TrainerEvidence.HowItEnded(process.ExitCode), evidence.Describe(process.ExitCode, time.GetElapsedTime(start), wasStopped));
    }

    private async Task WatchAsync(Process process, TrainerEvidence evidence, CancellationToken stopping)
    {
        var exit = process.WaitForExitAsync(stopping);
        while (!exit.IsCompleted)
        {
            evidence.Sample(process);
            await exit.WaitAsync(SampleInterval, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StopAsync(Process process)
    {
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(options.StopTimeout, time);
        await process.WaitForExitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (process.HasExited)
            return;
        logger.LogWarning(
            "The trainer did not end within Trainer:StopTimeout = {Timeout}; it is killed and resumes from its last checkpoint.",
            options.StopTimeout);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    private async Task DrainAsync(StreamReader pipe, TrainerEvidence evidence)
    {
        try
        {
            while (await pipe.ReadLineAsync() is { } line)
            {
                evidence.AddLine(line);
                logger.LogInformation("trainer: {Line}", line);
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process is gone and its pipes with it; nothing is left to read.
        }
    }

    private void Requeue(WorkerEnd? end)
    {
        try
        {
            if (workspace.Jobs.RequeueWorker(_workerId, end) is > 0 and var count)
                logger.LogWarning("{Count} job(s) of the trainer that ended are back in the queue.", count);
            workspace.Tasks.RequeueWorker(_workerId);
            signals.Raise();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Not fatal: the lease expires and the job is taken up then.
            logger.LogError(failure,
                "The job of the trainer that ended could not be put back into the queue; it goes on when its lease expires.");
        }
    }
}
