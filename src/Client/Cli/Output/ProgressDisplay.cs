using Spectre.Console;
using Spectre.Console.Rendering;

namespace BiT.CommandLine;

/// <summary>How far something has come.</summary>
/// <param name="Phase">What is being done, a word or three.</param>
/// <param name="Done">Parts done.</param>
/// <param name="Total">Parts in all; 0 if unknown.</param>
/// <param name="Details">Numbers that go with it.</param>
internal sealed record ProgressReport(string Phase, double Done, double Total, string Details)
{
    /// <summary>What training has come to, for the curve under the line; null if there is nothing to draw.</summary>
    public CurveSample? Sample { get; init; }
}

/// <summary>One line of progress that is overwritten on a screen, and written now and then elsewhere.</summary>
internal interface IProgressLine
{
    /// <summary>Replaces what the line shows.</summary>
    void Show(ProgressReport report);

    /// <summary>Writes a line that stays.</summary>
    void Note(string text);
}

/// <summary>Shows progress while something runs.</summary>
internal static class ProgressDisplay
{
    public static Task<T> RunAsync<T>(Terminal terminal, Func<IProgressLine, Task<T>> work)
        => terminal.IsInteractive ? RunLiveAsync(terminal, work) : work(new PlainProgressLine(terminal));

    private static Task<T> RunLiveAsync<T>(Terminal terminal, Func<IProgressLine, Task<T>> work)
    {
        var progress = new Progress(terminal.People, terminal.Time) { AutoClear = true, HideCompleted = false };
        progress.Columns(
            new SpinnerColumn(),
            new TaskDescriptionColumn { Alignment = Justify.Left },
            new ProgressBarColumn { Width = terminal.People.Profile.Width >= 110 ? 30 : 12 },
            new DetailsColumn());
        var curve = new LiveCurve();
        progress.UseRenderHook((line, _) => Under(line, curve, terminal.People.Profile));
        return progress.StartAsync(context => work(new LiveProgressLine(terminal.People, context.AddTask("starting", maxValue: 1), curve)));
    }

    // Asked for at every refresh, so a window that becomes narrower gets a smaller curve, or none.
    private static IRenderable Under(IRenderable line, LiveCurve curve, Profile profile)
    {
        var lines = curve.Draw(profile.Width - 1, profile.Height, profile.Capabilities.Unicode);
        return lines.Count == 0 ? line : new Rows(line, new Text(string.Join('\n', lines)) { Overflow = Overflow.Crop });
    }

    private sealed class DetailsColumn : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
            => new Text(task.Tag as string ?? "") { Overflow = Overflow.Ellipsis };
    }

    private sealed class LiveProgressLine(IAnsiConsole console, ProgressTask task, LiveCurve curve) : IProgressLine
    {
        public void Show(ProgressReport report)
        {
            task.Description = Markup.Escape(report.Phase);
            task.IsIndeterminate = report.Total <= 0;
            task.MaxValue = Math.Max(1, report.Total);
            // A task that reaches its end stops its clock and its spinner, though the next phase follows.
            task.Value = Math.Min(report.Done, task.MaxValue * 0.9999);
            task.Tag = report.Details;
            if (report.Sample is { } sample)
                curve.Add(sample);
        }

        public void Note(string text) => console.WriteLine(text);
    }
}
