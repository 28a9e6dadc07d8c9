using System.Diagnostics;

namespace BiT.Training.Loop;

/// <summary>Times something that a run will do many times.</summary>
internal sealed class RunTimer(CancellationToken stop)
{
    private const int TimedRuns = 2;

    // What runs often is compiled anew while it runs, twice as fast: in a new process the first runs say little.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private bool _isWarm;

    /// <summary>Seconds of the fastest of a few runs, after one to warm up (at first: a second of them): other load only ever makes a run slower.</summary>
    /// <exception cref="OperationCanceledException">Stopped; checked before each run.</exception>
    public double Fastest(Action run)
    {
        var begin = Stopwatch.GetTimestamp();
        do
            Seconds(run);
        while (!_isWarm && Stopwatch.GetElapsedTime(begin) < WarmUp);
        _isWarm = true;
        return Enumerable.Range(0, TimedRuns).Min(_ => Seconds(run));
    }

    private double Seconds(Action run)
    {
        stop.ThrowIfCancellationRequested();
        var start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
