using System.Collections.Concurrent;
using System.Diagnostics;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>The real trainer as a process of its own, with a checkpoint at every step. It ends when this is disposed, or when the tests die.</summary>
internal sealed class TrainerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly Task _drain;

    private TrainerProcess(Process process)
    {
        _process = process;
        _drain = DrainAsync();
    }

    public string Log => string.Join('\n', _log);

    public static TrainerProcess Start(string workspace, string workerId) => new(Process.Start(new ProcessStartInfo("dotnet",
    [
        Path.Combine(AppContext.BaseDirectory, "BiT.Trainer.dll"), "work", "--workspace", workspace, "--worker-id", workerId, "--exit-with-stdin",
        "--threads", "1", "--checkpoint-seconds", "0.000001",
    ])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    }) ?? throw new InvalidOperationException("The trainer did not start."));

    /// <summary>Waits until it has logged something.</summary>
    public Task LoggedAsync(string text) => Moment.ComesAsync(() => _log.Any(line => line.Contains(text, StringComparison.Ordinal)), () => Log);

    /// <summary>SIGKILL: no handler runs.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>SIGSTOP: no thread of it runs until <see cref="ContinueAsync"/>.</summary>
    public Task StopAsync() => SignalAsync("-STOP");

    public Task ContinueAsync() => SignalAsync("-CONT");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        await _drain;
        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task DrainAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            _log.Enqueue(line);
    }
}
