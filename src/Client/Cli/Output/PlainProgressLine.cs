namespace BiT.CommandLine;

/// <summary>Progress for a file or a pipe: a line every few seconds if there is news, and at once when something is done for the first time.</summary>
internal sealed class PlainProgressLine(Terminal terminal) : IProgressLine
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _seenPhases = new(StringComparer.Ordinal);
    private long _lastWritten;
    private string _lastText = "";

    public void Show(ProgressReport report)
    {
        var now = terminal.Time.GetTimestamp();
        if (!_seenPhases.Add(report.Phase) && terminal.Time.GetElapsedTime(_lastWritten, now) < Interval)
            return;
        var text = report.Details.Length == 0 ? report.Phase : $"{report.Phase}: {report.Details}";
        if (text == _lastText)
            return;
        (_lastWritten, _lastText) = (now, text);
        terminal.Say(text);
    }

    public void Note(string text) => terminal.Say(text);
}
