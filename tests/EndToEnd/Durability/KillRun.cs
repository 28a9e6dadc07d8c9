using System.Diagnostics;
using System.Globalization;
using BiT.Core.Store;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>Kills the trainer with SIGKILL at random moments, each time in another job, and compares what the jobs publish with an
/// uninterrupted one. A trainer that resumes one job goes on to the next, so that each repetition starts one process.</summary>
internal sealed class KillRun(int seed) : IAsyncDisposable
{
    private const string Worker = "local";

    private readonly Random _random = new(seed);
    private readonly TinyTraining _training = new();
    private readonly Dictionary<string, Reference> _references = [];
    private TrainerProcess? _trainer;

    /// <summary>How many jobs ended as uninterrupted ones.</summary>
    public int Identical { get; private set; }

    /// <summary>How many kills there were by what the job was doing.</summary>
    public SortedDictionary<string, int> Moments { get; } = new(StringComparer.Ordinal);

    /// <summary>What was not identical.</summary>
    public List<string> Differences { get; } = [];

    public async Task RunAsync(int repetitions)
    {
        _trainer = TrainerProcess.Start(_training.Path, Worker);
        foreach (var method in (string[])["full", "head"])
            _references[method] = await UninterruptedAsync(method);
        for (var repetition = 0; repetition < repetitions; repetition++)
            await RepeatAsync(repetition, IsHead(repetition) ? "head" : "full");
    }

    // Every fourth job trains a head alone, killed in turn at any moment and behind its first checkpoint.
    private static bool IsHead(int repetition) => repetition % 8 is 2 or 5;

    public async ValueTask DisposeAsync()
    {
        if (_trainer is not null)
            await _trainer.DisposeAsync();
        _training.Dispose();
    }

    private TrainerProcess Trainer => _trainer ?? throw new InvalidOperationException("Not started.");

    // The second one is timed: the first warms everything up.
    private async Task<Reference> UninterruptedAsync(string method)
    {
        var first = await EndAsync(_training.Submit(method));
        Forget(first);
        var job = _training.Submit(method);
        await Trainer.LoggedAsync($"{job}: attempt 1 begins");
        var start = Stopwatch.GetTimestamp();
        await CheckpointAsync(job);
        var preparation = Stopwatch.GetElapsedTime(start);
        var second = await EndAsync(job);
        var whole = Stopwatch.GetElapsedTime(start);
        Assert.Equal(first, second);
        Forget(second);
        return new Reference(second, preparation, whole);
    }

    private async Task RepeatAsync(int repetition, string method)
    {
        var (expected, preparation, whole) = _references[method];
        var job = _training.Submit(method);
        await Trainer.LoggedAsync($"{job}: attempt 1 begins");
        // Preparing takes most of so small a job: every second kill is behind its first checkpoint.
        if (repetition % 2 == 0)
        {
            await WaitAsync(whole * _random.NextDouble());
        }
        else
        {
            await CheckpointAsync(job);
            await WaitAsync((whole - preparation) * _random.NextDouble());
        }
        await Trainer.KillAsync();
        var moment = MomentOf(job, method);
        Moments[moment] = Moments.GetValueOrDefault(moment) + 1;
        _training.Workspace.Jobs.RequeueWorker(Worker);
        await Trainer.DisposeAsync();
        _trainer = TrainerProcess.Start(_training.Path, Worker);
        var published = await EndAsync(job);
        if (published == expected)
            Identical++;
        else
            Differences.Add(string.Create(CultureInfo.InvariantCulture, $"{repetition} ({moment}): {published}, expected {expected}"));
        Forget(published);
    }

    // As exact as the machine allows: a timer would round to milliseconds, and whole phases last no longer.
    private static async Task WaitAsync(TimeSpan time)
    {
        var start = Stopwatch.GetTimestamp();
        if (time > TimeSpan.FromMilliseconds(20))
            await Task.Delay(time - TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(start) >= time);
    }

    private Task CheckpointAsync(string job) => Moment.ComesAsync(() => _training.Job(job) is { Checkpoint: not null } or { IsDone: true }, () => Trainer.Log);

    private async Task<Published> EndAsync(string job)
    {
        await Moment.ComesAsync(() => _training.Job(job).IsDone, () => Trainer.Log);
        return _training.Result(job);
    }

    private string MomentOf(string job, string method)
    {
        var record = _training.Job(job);
        var folder = Path.Combine(_training.JobFolder(job), "attempt-1");
        var isWriting = Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.tmp").Any();
        var isTrained = CheckpointFile.Exists(_training.JobFolder(job), TinyTraining.Steps);
        return $"{method}: " + (record.IsDone ? "published already" : isWriting ? "writing a checkpoint" : isTrained ? "publishing"
            : record.Checkpoint is not null ? "between checkpoints" : "before the first checkpoint");
    }

    // The next job is to store its files, not to find them.
    private void Forget(Published published)
    {
        foreach (var blob in published.Blobs)
            File.Delete(_training.Workspace.Blobs.PathOf(blob));
        foreach (var folder in (string[])[_training.Workspace.CacheFolder, _training.Workspace.ArtifactFolder])
        {
            Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
        }
    }

    /// <param name="Published">What an uninterrupted job comes to.</param>
    /// <param name="Preparation">Time to its first checkpoint.</param>
    /// <param name="Whole">Time to its end.</param>
    private sealed record Reference(Published Published, TimeSpan Preparation, TimeSpan Whole);
}
