using System.Diagnostics;
using System.Globalization;
using BiT.Bench.Workloads;

namespace BiT.Bench.Timing;

/// <summary>A form that another build of this program has loaded, in a process of its own: each line that goes in is one run, and its milliseconds
/// come out.</summary>
/// <remarks>How two versions of the code are timed in turns.</remarks>
internal sealed class ServedForm : IDisposable
{
    private const string Ready = "ready";

    private readonly Process _process;

    /// <param name="program">The other build's bench.dll.</param>
    /// <param name="arguments">Makes it call <see cref="Serve"/>.</param>
    /// <exception cref="InvalidOperationException">It ended, or answered something else.</exception>
    public ServedForm(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        if (ReadLine() is var line && line != Ready)
            throw new InvalidOperationException($"{program} answered '{line}'; expected '{Ready}'. It must be a build that has this verb.");
    }

    /// <summary>The other side: loads a form and runs it as often as it is asked.</summary>
    public static void Serve(ITimedForm form, TextReader input, TextWriter output)
    {
        output.WriteLine(Ready);
        while (input.ReadLine() is not null)
        {
            var start = Stopwatch.GetTimestamp();
            form.Run();
            output.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString("R", CultureInfo.InvariantCulture));
            output.Flush();
        }
    }

    /// <summary>Runs it once.</summary>
    public ServedRun Run()
    {
        var before = ProcessorTime();
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
        var milliseconds = double.Parse(ReadLine(), NumberStyles.Float, CultureInfo.InvariantCulture);
        return new ServedRun(milliseconds, (ProcessorTime() - before).TotalMilliseconds);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private TimeSpan ProcessorTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    private string ReadLine() => _process.StandardOutput.ReadLine()
        ?? throw new InvalidOperationException($"The process of {_process.StartInfo.ArgumentList[0]} ended without an answer.");
}

/// <summary>One run in another process.</summary>
/// <param name="Milliseconds">Measured where it ran.</param>
/// <param name="ProcessorMilliseconds">Of all threads of that process, in steps of the system's clock.</param>
internal readonly record struct ServedRun(double Milliseconds, double ProcessorMilliseconds);
