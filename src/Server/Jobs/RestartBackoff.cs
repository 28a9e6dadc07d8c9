namespace BiT.Serving.Jobs;

/// <summary>How long to wait before a dead trainer is started again: at once after a long life, longer with every quick death.</summary>
internal sealed class RestartBackoff
{
    /// <summary>A life shorter than this is a quick death.</summary>
    public static readonly TimeSpan QuickDeath = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(250);

    private int _quickDeaths;

    /// <summary>The wait after a life of this length.</summary>
    public TimeSpan After(TimeSpan life)
    {
        _quickDeaths = life < QuickDeath ? _quickDeaths + 1 : 0;
        // 2^20 quarter seconds are past the maximum by far; the bound keeps the shift in range.
        return _quickDeaths == 0 ? TimeSpan.Zero
            : TimeSpan.FromTicks(Math.Min(MaxDelay.Ticks, FirstDelay.Ticks << Math.Min(_quickDeaths - 1, 20)));
    }
}
