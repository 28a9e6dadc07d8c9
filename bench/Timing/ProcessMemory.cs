using System.Diagnostics;
using System.Globalization;
using BiT.Bench.Workloads;

namespace BiT.Bench.Timing;

/// <summary>The most memory that one form takes: a process of its own loads it, runs it a few times and reports its peak.</summary>
internal static class ProcessMemory
{
    private const int Runs = 3;
    private const double Megabyte = 1 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>The child's part: prints the peak, in bytes, as the only line on standard output.</summary>
    public static void Report(Func<ITimedForm> open, TextWriter output)
    {
        using (var form = open())
        {
            for (var run = 0; run < Runs; run++)
                form.Run();
        }
        using var self = Process.GetCurrentProcess();
        output.WriteLine(self.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The parent's part: runs this program again with the given arguments.</summary>
    /// <returns>Peak resident memory in MiB.</returns>
    /// <exception cref="InvalidOperationException">The child failed; the message says how.</exception>
    public static double OfChild(IEnumerable<string> arguments)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("This platform does not tell the path of the running program.");
        // Run through the apphost, or as `dotnet bench.dll`.
        string[] first = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(ProcessMemory).Assembly.Location] : [];
        var start = new ProcessStartInfo(program, [.. first, .. arguments]) { RedirectStandardOutput = true };
        using var child = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = child.StandardOutput.ReadToEndAsync();
        if (!child.WaitForExit(Limit))
        {
            child.Kill();
            throw new InvalidOperationException($"The process that measures memory did not end within {Limit}.");
        }
        var text = output.GetAwaiter().GetResult();
        return child.ExitCode == 0 && long.TryParse(text, NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var bytes)
            ? bytes / Megabyte
            : throw new InvalidOperationException($"The process that measures memory ended with code {child.ExitCode} and printed '{text.Trim()}'; expected bytes.");
    }
}
