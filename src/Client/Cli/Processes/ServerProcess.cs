using System.Diagnostics;
using System.Text.Json;

namespace BiT.CommandLine;

/// <summary>How to start a server.</summary>
internal sealed record ServerStart
{
    /// <summary>BiT.Server.dll.</summary>
    public required string Executable { get; init; }

    /// <summary>BiT.Trainer.dll; null leaves the search to the server.</summary>
    public string? Trainer { get; init; }

    /// <summary>The workspace folder.</summary>
    public required string Workspace { get; init; }

    /// <summary>Where to listen; port 0 takes a free one.</summary>
    public string Address { get; init; } = "http://127.0.0.1:0";

    /// <summary>Where browsers find the pages: a URL, <c>none</c>, or null for the server's default.</summary>
    public string? WebAddress { get; init; }

    /// <summary>Receives each line of the server's log.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Whether the person has read the log when it ends, so that failures need not repeat it.</summary>
    public bool IsLogShown { get; init; }

    /// <summary>text or json.</summary>
    public string LogFormat { get; init; } = "text";
}

/// <summary>Where a server that is ready listens.</summary>
/// <param name="Address">For calls.</param>
/// <param name="WebAddress">For browsers; null if it has none.</param>
internal sealed record ReadyServer(string Address, string? WebAddress);

/// <summary>A server started by this program. It stops when its standard input closes, so it never outlives this program.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int LogTailLines = 15;
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly TaskCompletionSource<ReadyServer> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _logTail = new();
    private readonly bool _isLogShown;
    private Action<string>? _log;
    private bool _isStarted;

    private ServerProcess(ServerStart start)
    {
        _process = new Process { StartInfo = Describe(start) };
        (_log, _isLogShown) = (start.Log, start.IsLogShown);
    }

    /// <summary>Where it listens.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Where its pages are; null if it has none.</summary>
    public string? WebAddress { get; private set; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <exception cref="CommandException">It cannot be started, ends before it is ready, or does not become ready.</exception>
    public static async Task<ServerProcess> StartAsync(ServerStart start, CancellationToken cancellationToken)
    {
        var server = new ServerProcess(start);
        try
        {
            server.Launch();
            (server.Address, server.WebAddress) = await server.WaitUntilReadyAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Completes when the process has ended; its result tells how it ended.</summary>
    public async Task<Failure> WhenEndedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return Ended("stopped unexpectedly");
    }

    /// <summary>Closes the server's standard input, waits for it to stop, and kills it with its trainer if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_isStarted && !_process.HasExited)
            {
                _process.StandardInput.Close();
                using var patience = new CancellationTokenSource(StopTimeout);
                await _process.WaitForExitAsync(patience.Token);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            _process.Kill(entireProcessTree: true);
            // Not WaitForExitAsync: that one also waits for pipes, which a surviving grandchild may hold open.
            _process.WaitForExit(StopTimeout);
        }
        catch (InvalidOperationException)
        {
            // It ended meanwhile.
        }
        // A line that is still on its way must not reach a log that the caller closes next.
        lock (_logTail)
            _log = null;
        _process.Dispose();
    }

    private static ProcessStartInfo Describe(ServerStart start)
    {
        var info = new ProcessStartInfo(Executables.DotnetHost())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var arguments = new List<string>
        {
            start.Executable,
            "--Listen:Address", start.Address,
            "--Workspace:Path", start.Workspace,
            "--StopWithStandardInput", "true",
            // It would choose by the pipe that it writes to.
            "--Logging:Format", start.LogFormat,
        };
        if (start.WebAddress is not null)
            arguments.AddRange(["--Listen:WebAddress", start.WebAddress]);
        if (start.Trainer is not null)
            arguments.AddRange(["--Trainer:Path", start.Trainer]);
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        return info;
    }

    private void Launch()
    {
        _process.EnableRaisingEvents = true;
        _process.OutputDataReceived += (_, line) => ReadOutput(line.Data);
        _process.ErrorDataReceived += (_, line) => ReadLog(line.Data);
        try
        {
            _isStarted = _process.Start();
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new CommandException(ExitCodes.Failed, "SERVER_NOT_STARTED",
                $"The server could not be started with {_process.StartInfo.FileName}: {failure.Message}. "
                    + "Is the .NET 10 runtime installed?");
        }
        // Both pipes are drained for as long as it lives: a full pipe would stop it.
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private async Task<ReadyServer> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ReadyTimeout);
        var ended = _process.WaitForExitAsync(patience.Token);
        if (await Task.WhenAny(_ready.Task, ended) == _ready.Task)
            return await _ready.Task;
        cancellationToken.ThrowIfCancellationRequested();
        throw new CommandException(ended.IsCompletedSuccessfully
            ? Ended("did not start")
            : new Failure(ExitCodes.Failed, "SERVER_NOT_READY",
                $"The server was not ready after {ReadyTimeout.TotalSeconds:0} s. Its last words:{LogTail()}"));
    }

    private void ReadOutput(string? line)
    {
        if (line is null)
            return;
        if (TryReadReadyLine(line) is { } ready)
            _ready.TrySetResult(ready);
        else
            ReadLog(line);
    }

    /// <summary>What <c>{"ready":true,"address":"http://127.0.0.1:41235","web_address":"http://127.0.0.1:5076"}</c> says; null for any
    /// other line.</summary>
    internal static ReadyServer? TryReadReadyLine(string line)
    {
        if (!line.TrimStart().StartsWith('{'))
            return null;
        try
        {
            var json = JsonElement.Parse(line);
            return json.TryGetProperty("ready", out var ready) && ready.ValueKind == JsonValueKind.True && TextOf(json, "address") is { } address
                ? new ReadyServer(address, TextOf(json, "web_address"))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement json, string name)
        => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private void ReadLog(string? line)
    {
        if (line is null)
            return;
        lock (_logTail)
        {
            _logTail.Enqueue(line);
            if (_logTail.Count > LogTailLines)
                _logTail.Dequeue();
            _log?.Invoke(line);
        }
    }

    private Failure Ended(string how) => new(ExitCodes.Failed, "SERVER_ENDED",
        $"The server {how} (exit code {_process.ExitCode})." + (_isLogShown ? " Its log above says why." : $" Its last words:{LogTail()}"));

    /// <summary>The newest lines of its log, indented, for the end of a message.</summary>
    public string LogTail()
    {
        lock (_logTail)
            return _logTail.Count == 0
                ? " none."
                : Environment.NewLine + string.Join(Environment.NewLine, _logTail.Select(line => "  " + line));
    }
}
