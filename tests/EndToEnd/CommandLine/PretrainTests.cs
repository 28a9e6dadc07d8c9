using System.Diagnostics;
using System.Text.Json;
using BiT.Tests.EndToEnd.Serving;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.CommandLine;

/// <summary>The trainer's <c>pretrain</c> as a process: it ends well when it is told to, and continues.</summary>
public sealed class PretrainTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Pretrain_Signalled_EndsWithCode0AndACheckpointThatTheSameCommandContinues(string signal)
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, colour) in ((string, SKColor)[])[("blue", SKColors.Blue), ("red", SKColors.Red)])
        {
            var photos = Directory.CreateDirectory(Path.Combine(folder.Path, "photos", name)).FullName;
            for (var index = 0; index < 8; index++)
                await File.WriteAllBytesAsync(Path.Combine(photos, $"{index}.png"), Drawings.Png(colour), TestContext.Current.CancellationToken);
        }
        // Steps for seconds, so that the signal arrives before the end. As a shell starts it in a pipeline: standard input is nobody's business.
        string[] command = ["pretrain", "--data", Path.Combine(folder.Path, "photos"), "--out", Path.Combine(folder.Path, "run"),
            "--size", "32", "--batch", "4", "--holdout", "0", "--epochs", "100", "--log-steps", "1", "--threads", "1", "--json"];

        var (code, stopped) = await RunAsync(command, signal);
        Assert.Equal(0, code);
        Assert.Equal("stopped", stopped[^1].GetProperty("outcome").GetString());
        var step = stopped[^1].GetProperty("step").GetInt64();
        Assert.InRange(step, 3, 399);

        var (_, finished) = await RunAsync(command, signal: null);
        Assert.Equal(step, finished[0].GetProperty("step").GetInt64());
        Assert.Equal(("finished", 400L), (finished[^1].GetProperty("outcome").GetString(), finished[^1].GetProperty("step").GetInt64()));
    }

    // Sends the signal at the third step; null waits for the end.
    private static async Task<(int Code, List<JsonElement> Lines)> RunAsync(string[] command, string? signal)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        // Tests that a shell started in the background inherit that SIGINT is ignored, and so would the trainer.
        string[] program = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT", "dotnet"] : ["dotnet"];
        var start = new ProcessStartInfo(program[0], [.. program[1..], Path.Combine(AppContext.BaseDirectory, "BiT.Trainer.dll"), .. command]) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("The trainer did not start.");
        var lines = new List<JsonElement>();
        try
        {
            while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } text)
            {
                lines.Add(JsonDocument.Parse(text).RootElement);
                if (signal is null || lines[^1].GetProperty("step").GetInt64() != 3)
                    continue;
                using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
                await kill.WaitForExitAsync(patience.Token);
                signal = null;
            }
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, lines);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
