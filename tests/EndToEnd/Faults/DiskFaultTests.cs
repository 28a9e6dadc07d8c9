using System.Diagnostics;
using BiT.Tests.EndToEnd.CommandLine;
using BiT.Tests.EndToEnd.Serving;

namespace BiT.Tests.EndToEnd.Faults;

/// <summary>A disk that is read-only: a real mount. Full disks: UploadFaultTests, PublishFaultTests.</summary>
public sealed class DiskFaultTests : IDisposable
{
    private const string CannotMount = "This machine does not let a user mount a disk in a name space of his own (unshare -rm).";

    private readonly TemporaryFolder _folder = new();

    private string Workspace => Path.Combine(_folder.Path, "workspace");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Workspace_OnAReadOnlyDisk_IsRefusedByTheServerAndReadByTheDoctor()
    {
        Assert.SkipUnless(await ServerProcess.CanMountAsync(), CannotMount);
        Core.Store.Workspace.Open(Workspace, TimeProvider.System).Dispose();

        var server = await RunReadOnlyAsync(Path.Combine(AppContext.BaseDirectory, "BiT.Server.dll"), "--Workspace:Path", Workspace, "--Listen:Address", "http://127.0.0.1:0",
            "--Listen:WebAddress", "none", "--Trainer:Enabled", "false");
        Assert.Equal(1, server.Code);
        Assert.Contains("read-only", server.Log, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("The server cannot run", server.Log);

        var doctor = await RunReadOnlyAsync(BuiltPrograms.Bit, "doctor", "--workspace", Workspace);
        Assert.True(doctor.Code == 0, doctor.Output + doctor.Log);
        Assert.Contains("The store is consistent.", doctor.Output);
        var collector = await RunReadOnlyAsync(BuiltPrograms.Bit, "gc", "--workspace", Workspace);
        Assert.Equal(1, collector.Code);
        Assert.Contains("read-only", collector.Log, StringComparison.OrdinalIgnoreCase);
    }

    private Task<ProgramRun> RunReadOnlyAsync(string program, params string[] arguments) => ProgramRun.ToItsEndAsync(new ProcessStartInfo("unshare",
        ["-rm", "sh", "-c", "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec dotnet \"$@\"", Workspace, program, .. arguments]));
}
