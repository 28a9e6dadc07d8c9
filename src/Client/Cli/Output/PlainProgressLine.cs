namespace BiT.CommandLine;

/// <summary>Progress for a file or a pipe: a line every few seconds, and at once when something is done for the first time.</summary>
internal sealed class PlainProgressLine(Terminal terminal) : IProgressLine
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _seenPhases = new(StringComparer.Ordinal);
    private long _lastWritten;

    public void Show(ProgressReport report)
    {
        var now = terminal.Time.GetTimestamp();
        if (!_seenPhases.Add(report.Phase) && terminal.Time.GetElapsedTime(_lastWritten, now) < Interval)
            return;
        _lastWritten = now;
        terminal.Say(report.Details.Length == 0 ? report.Phase : $"{report.Phase}: {report.Details}");
    }

    public void Note(string text) => terminal.Say(text);
}
