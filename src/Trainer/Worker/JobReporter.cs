using System.Diagnostics;
using BiT.Core.Store;
using BiT.Training.Checkpoints;
using BiT.Training.Loop;

namespace BiT.Training.Worker;

/// <summary>Keeps a lease alive and reports progress on a timer of its own, whatever the training thread is doing; learns there that the job
/// is to stop.</summary>
internal sealed class JobReporter : ILoopObserver, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly JobStore _jobs;
    private readonly JobLease _lease;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;
    private readonly ThroughputWindow _throughput = new();
    private JobProgress _progress;
    private double _lossSum;
    private int _lossCount;
    private readonly Lock _reportLock = new();
    private bool _isDisposed;

    /// <param name="jobs">The store.</param>
    /// <param name="lease">The lease to keep.</param>
    /// <param name="time">The clock of reports.</param>
    /// <param name="shutdown">The worker shuts down.</param>
    public JobReporter(JobStore jobs, JobLease lease, TimeProvider time, CancellationToken shutdown)
    {
        _jobs = jobs;
        _lease = lease;
        _time = time;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
        _progress = new JobProgress { Phase = "starting", Time = time.GetUtcNow() };
        _timer = time.CreateTimer(_ => Report(), null, TimeSpan.Zero, Interval);
    }

    /// <summary>Cancelled when the job is to stop: cancellation or a pause was asked for, the lease is lost, or the worker shuts
    /// down.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>What somebody asked of the job.</summary>
    public StopRequest Request { get; private set; }

    /// <summary>True if another worker has the job now: nothing may be written any more.</summary>
    public bool IsLeaseLost { get; private set; }

    /// <summary>What kept reports from being stored, if anything did.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Enters a phase without steps of its own.</summary>
    public void Phase(string phase) => Update(progress => progress with { Phase = phase, TimeLeft = null });

    /// <summary>A phase that counts photos.</summary>
    public void Photos(string phase, int done, int total) => Update(progress => progress with { Phase = $"{phase} ({done} of {total})" });

    /// <summary>Appends a line for people.</summary>
    public void Message(string text) => _jobs.AppendMessage(_lease, text);

    /// <summary>Checks that nobody else has the job, before something is written that no row fences.</summary>
    /// <exception cref="LeaseLostException">Somebody has.</exception>
    public void RequireLease() => _jobs.RequireLease(_lease);

    /// <summary>Sets where a resumed run stands.</summary>
    public void Resumed(TrainingState state, long totalSteps) => Update(progress => progress with
    {
        Step = state.Step,
        TotalSteps = totalSteps,
        BestValidationAccuracy = state.BestAccuracy,
        ValidationAccuracy = state.Evaluations.Count > 0 ? state.Evaluations[^1].Accuracy : null,
    });

    /// <summary>Training is over: the last report says where it ended, not where it was a second before.</summary>
    public void Trained(TrainingState state)
    {
        Update(progress => progress with
        {
            Phase = "publishing",
            Step = state.Step,
            BestValidationAccuracy = state.BestAccuracy,
            ValidationAccuracy = state.Evaluations.Count > 0 ? state.Evaluations[^1].Accuracy : null,
            TimeLeft = TimeSpan.Zero,
        });
        lock (_reportLock)
            ReportOnce();
    }

    public void OnMicroBatch(LoopProgress loop)
    {
        lock (_lock)
        {
            _throughput.Add(Stopwatch.GetTimestamp(), loop.Images);
            _lossSum += loop.Loss;
            _lossCount++;
            _progress = _progress with
            {
                Phase = "training",
                Step = loop.Step,
                TotalSteps = loop.TotalSteps,
                LearningRate = loop.LearningRate,
                ImagesPerSecond = _throughput.PerSecond,
                TimeLeft = _throughput.TimeFor(loop.TotalSteps - loop.Step, loop.Step),
            };
        }
    }

    public void OnEvaluating(long step) => Update(progress => progress with { Phase = "evaluating", Step = step });

    public void OnEvaluated(EvaluationPoint point, bool isBest)
    {
        lock (_lock)
        {
            // Evaluation is not training: it must not count as slow training.
            _throughput.Pause();
            _progress = _progress with
            {
                Phase = "training",
                ValidationAccuracy = point.Accuracy,
                BestValidationAccuracy = isBest ? point.Accuracy : _progress.BestValidationAccuracy,
            };
        }
    }

    public void OnCheckpointing() => RequireLease();

    public void OnCheckpoint(string path) => _jobs.SetCheckpoint(_lease, path);

    public void OnCheckpointFailed(Exception problem)
    {
        try
        {
            Message($"The checkpoint could not be written ({problem.Message}); training goes on, and the one before still counts.");
        }
        catch (StoreUnavailableException unavailable)
        {
            Failure = unavailable;
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        // A report that is on its way ends first.
        lock (_reportLock)
        {
            _isDisposed = true;
            _stop.Dispose();
        }
    }

    private void Update(Func<JobProgress, JobProgress> change)
    {
        lock (_lock)
            _progress = change(_progress);
    }

    private JobProgress TakeProgress()
    {
        lock (_lock)
        {
            if (_lossCount > 0)
                _progress = _progress with { Loss = _lossSum / _lossCount };
            (_lossSum, _lossCount) = (0, 0);
            return _progress with { Time = _time.GetUtcNow() };
        }
    }

    private void Report()
    {
        // A timer may fire again while a slow disk holds the report before.
        if (!_reportLock.TryEnter())
            return;
        try
        {
            if (!_isDisposed)
                ReportOnce();
        }
        finally
        {
            _reportLock.Exit();
        }
    }

    private void ReportOnce()
    {
        try
        {
            // The work stops once; what was asked for then is the store's to know, for it may be taken back.
            if (_jobs.Heartbeat(_lease, TakeProgress()) is not StopRequest.None and var request)
            {
                Request = request;
                _stop.Cancel();
            }
            Failure = null;
        }
        catch (LeaseLostException)
        {
            IsLeaseLost = true;
            _stop.Cancel();
        }
        catch (StoreUnavailableException problem)
        {
            // A busy or full disk may recover; if not, the lease runs out and another worker takes over.
            Failure = problem;
        }
    }
}
