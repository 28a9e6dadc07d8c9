using System.Diagnostics;

namespace BiT.Training.Worker;

/// <summary>Images per second and time per step over the last seconds of training.</summary>
internal sealed class ThroughputWindow
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    private readonly Queue<(long Timestamp, int Images)> _recent = new();
    private long _images;
    private long _since;
    private long _lastStep = -1;
    private long _lastStepTime;
    private double _secondsPerStep;

    /// <summary>Null before the second micro-batch.</summary>
    public double? PerSecond { get; private set; }

    public void Add(long timestamp, int images)
    {
        if (_since == 0)
        {
            // The first micro-batch ends at an unknown time after it began.
            _since = timestamp;
            return;
        }
        _recent.Enqueue((timestamp, images));
        _images += images;
        while (_recent.Count > 1 && Stopwatch.GetElapsedTime(_recent.Peek().Timestamp, timestamp) > Length)
        {
            var old = _recent.Dequeue();
            _images -= old.Images;
            _since = old.Timestamp;
        }
        var seconds = Stopwatch.GetElapsedTime(_since, timestamp).TotalSeconds;
        PerSecond = seconds > 0 ? _images / seconds : null;
    }

    /// <summary>Leaves out the time until the next micro-batch.</summary>
    public void Pause()
    {
        _recent.Clear();
        (_images, _since, _lastStep) = (0, 0, -1);
    }

    /// <summary>Expected time for a number of steps at the present pace; null while unknown.</summary>
    public TimeSpan? TimeFor(long steps, long currentStep)
    {
        const double weightOfNewest = 0.1;
        var now = Stopwatch.GetTimestamp();
        if (_lastStep >= 0 && currentStep > _lastStep)
        {
            var seconds = Stopwatch.GetElapsedTime(_lastStepTime, now).TotalSeconds / (currentStep - _lastStep);
            _secondsPerStep = _secondsPerStep == 0 ? seconds : _secondsPerStep + weightOfNewest * (seconds - _secondsPerStep);
        }
        if (currentStep != _lastStep)
            (_lastStep, _lastStepTime) = (currentStep, now);
        return _secondsPerStep > 0 ? TimeSpan.FromSeconds(steps * _secondsPerStep) : null;
    }
}
