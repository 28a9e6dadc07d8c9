namespace BiT.Tests.Unit.Worker;

/// <summary>The system's clock with timers a hundred times as fast: a reporter that reports every second does so every 10 ms, so that a
/// job of a second sees what is asked of it.</summary>
internal sealed class FastTimers : TimeProvider
{
    private const int Factor = 100;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Faster(dueTime), Faster(period));

    private static TimeSpan Faster(TimeSpan time) =>
        time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Max(1, time.TotalMilliseconds / Factor));
}
