using System.CommandLine;
using System.Text;
using System.Text.Json;
using BiT.Training.Pretraining;
using BiT.Training.Verbs;

namespace BiT.Tests.Unit.Pretraining;

/// <summary>Runs <c>pretrain</c> as the verb does, and stops it when its output says so: as SIGTERM would.</summary>
internal static class RunUntil
{
    /// <param name="options">The command line behind <c>pretrain</c>.</param>
    /// <param name="isEnough">Says at which line to stop; null runs to the end.</param>
    /// <returns>Exit code, the lines of the output and what was told on standard error.</returns>
    public static (int Code, IReadOnlyList<JsonElement> Lines, string Warnings) Stop(string options, Func<JsonElement, bool>? isEnough)
    {
        var command = new Command("pretrain");
        var read = new PretrainOptions();
        read.AddTo(command);
        var arguments = read.Read(command.Parse($"{options} --json".Split(' ')));
        using var stop = new CancellationTokenSource();
        var lines = new List<JsonElement>();
        var warnings = new StringWriter();
        var output = new LineWriter(text =>
        {
            var line = JsonDocument.Parse(text).RootElement;
            lines.Add(line);
            if (isEnough is not null && isEnough(line))
                stop.Cancel();
        });
        return (PretrainVerb.Run(arguments, new RunOutput(output, warnings, json: true), stop.Token), lines, warnings.ToString());
    }

    private sealed class LineWriter(Action<string> onLine) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new NotSupportedException("Lines only.");

        public override void WriteLine(string? value) => onLine(value ?? "");
    }
}
