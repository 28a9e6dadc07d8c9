namespace BiT.CommandLine;

/// <summary>Progress for a file or a pipe: a line every few seconds, and at once when the phase changes.</summary>
internal sealed class PlainProgressLine(Terminal terminal) : IProgressLine
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private string? _phase;
    private long _lastWritten;

    public void Show(ProgressReport report)
    {
        var now = terminal.Time.GetTimestamp();
        if (report.Phase == _phase && terminal.Time.GetElapsedTime(_lastWritten, now) < Interval)
            return;
        _phase = report.Phase;
        _lastWritten = now;
        terminal.Say(report.Details.Length == 0 ? report.Phase : $"{report.Phase}: {report.Details}");
    }

    public void Note(string text) => terminal.Say(text);
}
