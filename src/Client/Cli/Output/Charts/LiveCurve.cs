namespace BiT.CommandLine;

/// <summary>Where training stands, as a point of its curves.</summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="Loss">Mean training loss; null if unknown.</param>
/// <param name="ValidationAccuracy">Newest share of validation photos classified right, 0 to 1; null before the first evaluation.</param>
internal sealed record CurveSample(long Step, double? Loss, double? ValidationAccuracy);

/// <summary>The curves of a training while it runs. Filled by one thread and drawn by another.</summary>
internal sealed class LiveCurve
{
    /// <summary>Samples kept; beyond it every second one goes.</summary>
    public const int MaxSamples = 1000;

    // Below this a line of progress is all that fits.
    private const int MinWidth = 40;
    private const int MinHeight = 14;

    private readonly Lock _lock = new();
    private readonly List<CurveSample> _samples = [];

    /// <summary>Samples kept so far.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _samples.Count;
        }
    }

    /// <summary>Adds where training stands now. After a resumption it may stand further back than before: what it does again is
    /// dropped.</summary>
    public void Add(CurveSample sample)
    {
        lock (_lock)
        {
            while (_samples.Count > 0 && _samples[^1].Step >= sample.Step)
                _samples.RemoveAt(_samples.Count - 1);
            _samples.Add(sample);
            if (_samples.Count > MaxSamples)
            {
                var thinned = _samples.Where((_, index) => index % 2 == 0 || index == _samples.Count - 1).ToList();
                _samples.Clear();
                _samples.AddRange(thinned);
            }
        }
    }

    /// <summary>Draws loss and, where there is room, validation accuracy beside it.</summary>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="height">Rows of the screen.</param>
    /// <param name="unicode">Whether braille can be shown.</param>
    /// <returns>The lines, none longer than the width; none if the screen is too small or there is nothing to draw yet.</returns>
    public IReadOnlyList<string> Draw(int width, int height, bool unicode)
    {
        CurveSample[] samples;
        lock (_lock)
            samples = [.. _samples];
        if (samples.Length < 2 || width < MinWidth || height < MinHeight)
            return [];
        return CurveText.Draw(
            [.. samples.Select(sample => (sample.Step, sample.Loss, sample.ValidationAccuracy))], width, Math.Clamp(height / 4, 3, 8), unicode);
    }
}
