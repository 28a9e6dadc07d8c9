using System.Globalization;
using BiT.Core.Store;

namespace BiT.Training.Worker;

/// <summary>Waits while the disk of the workspace is full, and then does again what failed. The job keeps its lease and its trainer, so that
/// what is in memory is not lost, and says what it waits for; it can be paused and cancelled as ever.</summary>
/// <remarks>A full disk says nothing against a job, and whoever frees space wants the jobs to go on, not to submit them again.</remarks>
internal sealed class DiskWait(Workspace workspace, JobReporter reporter, TimeProvider time)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // Room that a quota leaves is not seen from outside, and what took the room may have gone before it was looked for.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    // Less than any file of a job: whoever frees less frees more in a moment.
    private const long LeastGain = 1 << 20;

    /// <summary>Does something, again and again as long as it fails for want of room.</summary>
    /// <param name="store">Leaves nothing behind when it fails, and may be called again.</param>
    /// <exception cref="OperationCanceledException">The job is to stop.</exception>
    public T Retry<T>(Func<T> store)
    {
        var isTold = false;
        while (true)
        {
            try
            {
                var stored = store();
                if (isTold)
                    reporter.TryMessage("There is room on the disk again: what waited for it is stored.");
                return stored;
            }
            catch (Exception problem) when (DiskSpace.IsExhausted(problem))
            {
                AwaitRoom(problem, ref isTold);
            }
        }
    }

    private void AwaitRoom(Exception problem, ref bool isTold)
    {
        var (start, before) = (time.GetTimestamp(), DiskSpace.Free(workspace.Path));
        var free = (before / 1e6).ToString("N1", CultureInfo.InvariantCulture);
        var phase = reporter.Wait($"waiting for room on the disk ({free} MB free)");
        do
        {
            // Rows find no room either, perhaps.
            isTold = isTold || reporter.TryMessage($"The disk of the workspace is full ({free} MB free): {Innermost(problem).Message} "
                + "The job waits, and goes on by itself when there is room; `bit gc` may make some. What it has trained is kept.");
            reporter.Stop.WaitHandle.WaitOne(LookInterval);
            reporter.Stop.ThrowIfCancellationRequested();
        }
        while (DiskSpace.Free(workspace.Path) < before + LeastGain && time.GetElapsedTime(start) < LongestWait);
        reporter.Phase(phase);
    }

    private static Exception Innermost(Exception problem) =>
        problem is AggregateException several ? several.InnerExceptions.First(DiskSpace.IsExhausted) : problem;
}
