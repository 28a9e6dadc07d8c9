using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Grpc.Net.Client;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>The real server as a process of its own, on a free port. It ends when this is disposed, or when the tests die.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    // Of no meaning but to end a test that hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly Task _drain;

    private ServerProcess(Process process)
    {
        _process = process;
        _drain = DrainAsync();
    }

    /// <summary>The ready line's address; empty if the process ended without one.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The ready line's address of the pages; empty if it has none.</summary>
    public string WebAddress { get; private set; } = "";

    public string Log => string.Join('\n', _log);

    public int ProcessId => _process.Id;

    /// <summary>Starts a server and waits for its ready line.</summary>
    public static Task<ServerProcess> StartAsync(string workspace, params string[] options) => StartAsync(workspace, Launch, options);

    /// <summary>Starts a server whose workspace folder is a disk of its own, of a few megabytes; see <see cref="CanMountAsync"/>.</summary>
    public static Task<ServerProcess> StartOnSmallDiskAsync(string workspace, int megabytes, params string[] options) => StartAsync(
        workspace,
        arguments => LaunchProgram("unshare", ["-rm", "sh", "-c", $"mount -t tmpfs -o size={megabytes}m tmpfs \"$0\" && exec dotnet \"$@\"",
            workspace, Path.Combine(AppContext.BaseDirectory, "BiT.Server.dll"), .. arguments]),
        options);

    /// <summary>Whether this machine lets a user mount a disk in a name space of his own.</summary>
    public static async Task<bool> CanMountAsync()
    {
        try
        {
            using var folder = new TemporaryFolder();
            using var attempt = Process.Start(new ProcessStartInfo("unshare",
                ["-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.Path]) { RedirectStandardError = true })
                ?? throw new InvalidOperationException("unshare did not start.");
            await attempt.WaitForExitAsync(TestContext.Current.CancellationToken);
            return attempt.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Gives a server of <see cref="StartOnSmallDiskAsync"/> a larger disk while it runs.</summary>
    public async Task EnlargeDiskAsync(string workspace, int megabytes)
    {
        using var remount = Process.Start("nsenter",
            ["-t", $"{_process.Id}", "-U", "-m", "--preserve-credentials", "mount", "-o", $"remount,size={megabytes}m", workspace]);
        await remount.WaitForExitAsync();
        Assert.Equal(0, remount.ExitCode);
    }

    private static async Task<ServerProcess> StartAsync(string workspace, Func<string[], ServerProcess> launch, string[] options)
    {
        var server = launch(["--Listen:Address", "http://127.0.0.1:0", "--Workspace:Path", workspace, "--StopWithStandardInput", "true",
            .. options.Contains("--Listen:WebAddress") ? (string[])[] : ["--Listen:WebAddress", "http://127.0.0.1:0"],
            .. options.Contains("--Trainer:Enabled") ? options : ["--Trainer:Enabled", "false", .. options]]);
        try
        {
            var line = await server._process.StandardOutput.ReadLineAsync().WaitAsync(Patience)
                ?? throw new InvalidOperationException($"The server ended without a ready line:\n{server.Log}");
            using var ready = JsonDocument.Parse(line);
            Assert.True(ready.RootElement.GetProperty("ready").GetBoolean());
            server.Address = ready.RootElement.GetProperty("address").GetString() ?? "";
            server.WebAddress = ready.RootElement.TryGetProperty("web_address", out var web) ? web.GetString() ?? "" : "";
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a server that may not come up.</summary>
    public static ServerProcess Launch(params string[] arguments)
        => LaunchProgram("dotnet", [Path.Combine(AppContext.BaseDirectory, "BiT.Server.dll"), .. arguments]);

    private static ServerProcess LaunchProgram(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new ServerProcess(Process.Start(start) ?? throw new InvalidOperationException("The server did not start."));
    }

    /// <summary>Ends the process as a power cut would: no handler runs.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    public GrpcChannel Connect() =>
        GrpcChannel.ForAddress(Address, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });

    public void CloseStandardInput() => _process.StandardInput.Close();

    /// <summary>Asks the process to end as a service manager would.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for the end of the process.</summary>
    /// <returns>The exit code and what is left of standard output.</returns>
    public async Task<(int Code, string Output)> ExitAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _drain.WaitAsync(Patience);
        return (_process.ExitCode, output);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            using var patience = new CancellationTokenSource(Patience);
            await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }

    private async Task DrainAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            _log.Enqueue(line);
    }
}
