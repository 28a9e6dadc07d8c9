using System.Diagnostics;
using BiT.Core.Store;
using BiT.Training.Checkpoints;
using BiT.Training.Loop;

namespace BiT.Training.Worker;

/// <summary>Keeps a lease alive and reports progress on a timer of its own, whatever the training thread is doing; hears that the job is to
/// stop.</summary>
internal sealed class JobReporter : ILoopObserver, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly JobStore _jobs;
    private readonly JobLease _lease;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop;
    private readonly ITimer _timer;
    private readonly StopListener _listener;
    private readonly ThroughputWindow _throughput = new();
    private JobProgress _progress;
    private double _lossSum;
    private int _lossCount;
    private string? _waitsFor;
    private bool _isWaitTold;
    private bool _isLackTold;
    private readonly Lock _reportLock = new();
    private bool _isDisposed;

    /// <param name="workspace">The store.</param>
    /// <param name="lease">The lease to keep.</param>
    /// <param name="time">The clock of reports.</param>
    /// <param name="shutdown">The worker shuts down.</param>
    public JobReporter(Workspace workspace, JobLease lease, TimeProvider time, CancellationToken shutdown)
    {
        _jobs = workspace.Jobs;
        _lease = lease;
        _time = time;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
        _progress = new JobProgress { Phase = "starting", Time = time.GetUtcNow() };
        _timer = time.CreateTimer(_ => Report(), null, TimeSpan.Zero, Interval);
        _listener = new StopListener(workspace, time, Listen);
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

    /// <summary>Enters a phase in which nothing moves, until the next. It is told once; then only the lease is kept, so that days of it do not
    /// push the events of training out of the store.</summary>
    /// <returns>The phase before it.</returns>
    public string Wait(string phase)
    {
        lock (_lock)
        {
            var before = _progress.Phase;
            (_waitsFor, _isWaitTold) = (phase, false);
            _progress = _progress with { Phase = phase, TimeLeft = null };
            return before;
        }
    }

    /// <summary>A phase that counts photos.</summary>
    public void Photos(string phase, int done, int total) => Update(progress => progress with { Phase = $"{phase} ({done} of {total})", TimeLeft = null });

    /// <summary>Appends a line for people.</summary>
    public void Message(string text) => _jobs.AppendMessage(_lease, text);

    /// <summary>Appends a line for people, if the store can take it.</summary>
    /// <returns>Whether it could.</returns>
    public bool TryMessage(string text)
    {
        try
        {
            Message(text);
            return true;
        }
        catch (StoreUnavailableException unavailable)
        {
            Failure = unavailable;
            return false;
        }
    }

    /// <summary>Checks that nobody else has the job, before something is written that no row fences.</summary>
    /// <exception cref="LeaseLostException">Somebody has.</exception>
    public void RequireLease() => _jobs.RequireLease(_lease);

    /// <summary>Sets where a resumed run stands.</summary>
    public void Resumed(TrainingState state, long totalSteps) => Update(progress => WithAccuracy(progress, state) with
    {
        Step = state.Step,
        TotalSteps = totalSteps,
    });

    /// <summary>Training is over: the last report says where it ended, not where it was a second before.</summary>
    public void Trained(TrainingState state)
    {
        Update(progress => WithAccuracy(progress, state) with
        {
            Phase = "publishing",
            Step = state.Step,
            TimeLeft = TimeSpan.Zero,
        });
        Now();
    }

    /// <summary>What is published is another part of the run than what was trained last.</summary>
    public void Published(TrainingState state)
    {
        // The loss on record is that of the other part.
        Update(progress => WithAccuracy(progress, state) with { Loss = null });
        Now();
    }

    /// <summary>Reports at once: where training stood when something ended it.</summary>
    public void Now()
    {
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

    public void OnCheckpoint(string path)
    {
        _jobs.SetCheckpoint(_lease, path);
        if (_isLackTold)
            _isLackTold = !TryMessage("Checkpoints are written again.");
    }

    // Told once: on a disk that is full for days there would be thousands.
    public void OnCheckpointFailed(Exception problem)
    {
        if (!_isLackTold)
            _isLackTold = TryMessage($"The checkpoint could not be written ({problem.Message}); training goes on, and the one before still counts.");
    }

    public void Dispose()
    {
        _listener.Dispose();
        _timer.Dispose();
        // A report that is on its way ends first.
        lock (_reportLock)
        {
            _isDisposed = true;
            _stop.Dispose();
        }
    }

    private static JobProgress WithAccuracy(JobProgress progress, TrainingState state) => progress with
    {
        BestValidationAccuracy = state.BestAccuracy,
        ValidationAccuracy = state.Evaluations.Count > 0 ? state.Evaluations[^1].Accuracy : null,
    };

    private void Update(Func<JobProgress, JobProgress> change)
    {
        lock (_lock)
            _progress = change(_progress);
    }

    // Null: nothing has changed, and nothing is to be told.
    private JobProgress? TakeProgress()
    {
        lock (_lock)
        {
            if (_isWaitTold && _progress.Phase == _waitsFor)
                return null;
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
            var progress = TakeProgress();
            Hear(_jobs.Heartbeat(_lease, progress));
            Failure = null;
            lock (_lock)
                _isWaitTold |= progress is not null && progress.Phase == _waitsFor;
        }
        catch (LeaseLostException)
        {
            Lose();
        }
        catch (StoreUnavailableException problem)
        {
            // A busy or full disk may recover; if not, the lease runs out and another worker takes over.
            Failure = problem;
        }
    }

    private void Listen()
    {
        try
        {
            Hear(_jobs.ReadRequest(_lease));
        }
        catch (LeaseLostException)
        {
            Lose();
        }
    }

    // The work stops once; what was asked for then is the store's to know, for it may be taken back.
    private void Hear(StopRequest request)
    {
        if (request == StopRequest.None)
            return;
        Request = request;
        _stop.Cancel();
    }

    private void Lose()
    {
        IsLeaseLost = true;
        _stop.Cancel();
    }
}
