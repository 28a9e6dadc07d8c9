namespace BiT.Tests.Unit.Worker;

/// <summary>The system's clock whose timers of a second and more never fire: no heartbeat comes, and whatever is heard is heard without
/// one.</summary>
internal sealed class SilentHeartbeats : TimeProvider
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        period >= Longest ? System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) : System.CreateTimer(callback, state, dueTime, period);
}
