using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

public sealed class WorkspaceTests
{
    [Fact]
    public void Open_EmptyFolder_MakesEverything()
    {
        using var test = new TestWorkspace();

        Assert.Equal(["artifacts", "blobs", "cache", "jobs", "tmp"], Directory.GetDirectories(test.Path).Select(Path.GetFileName).Order());
        Assert.True(File.Exists(Path.Combine(test.Path, "bit.db")));
        Assert.Empty(test.Workspace.Jobs.List(0, null).Items);
        Assert.Empty(Directory.GetFiles(test.Workspace.TemporaryFolder));
    }

    [Fact]
    public async Task Open_ManyAtOnce_AllSeeOneSchema()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "workspace");

        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            Task.Run(() => Workspace.Open(path, TimeProvider.System), TestContext.Current.CancellationToken)));

        TestWorkspace.AddDataset(path);
        var job = opened[0].Jobs.Submit(TestWorkspace.Spec(), null);
        Assert.All(opened, workspace => Assert.NotNull(workspace.Jobs.Find(job.Id)));
        foreach (var workspace in opened)
            workspace.Dispose();
    }

    [Fact]
    public void Open_Again_KeepsContent()
    {
        using var folder = new TemporaryFolder();
        string id;
        using (var first = Workspace.Open(folder.Path, TimeProvider.System))
        {
            TestWorkspace.AddDataset(folder.Path);
            id = first.Jobs.Submit(TestWorkspace.Spec(), null).Id;
        }

        using var second = Workspace.Open(folder.Path, TimeProvider.System);

        Assert.Equal(JobState.Queued, second.Jobs.Find(id)?.State);
    }

    [Fact]
    public void Open_WhileNothingCanBeWritten_ComesUpToRead()
    {
        using var test = new TestWorkspace(new WorkspaceOptions { BusyTimeout = TimeSpan.FromSeconds(1) });
        var job = test.Submit();
        using var connection = test.OpenDatabase();
        using (connection.BeginTransaction(deferred: false))
            Assert.Equal(JobState.Queued, test.OpenAgain().Jobs.Find(job.Id)?.State);
    }

    [Fact]
    public void Open_NewerSchema_SaysWhichVersions()
    {
        using var folder = new TemporaryFolder();
        Workspace.Open(folder.Path, TimeProvider.System).Dispose();
        Execute(folder.Path, "PRAGMA user_version = 99");

        var failure = Assert.Throws<WorkspaceException>(() => Workspace.Open(folder.Path, TimeProvider.System));

        Assert.Contains("schema version 99", failure.Message);
        Assert.Contains($"up to {Schema.CurrentVersion}", failure.Message);
    }

    [Fact]
    public void Open_DatabaseOfAnotherProgram_Refuses()
    {
        using var folder = new TemporaryFolder();
        Execute(folder.Path, "CREATE TABLE cats (id INTEGER)");

        var failure = Assert.Throws<WorkspaceException>(() => Workspace.Open(folder.Path, TimeProvider.System));

        Assert.Contains("another program", failure.Message);
    }

    [Fact]
    public void Open_FileThatIsNoDatabase_Refuses()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "bit.db"), new string('x', 5000));

        var failure = Assert.Throws<WorkspaceException>(() => Workspace.Open(folder.Path, TimeProvider.System));

        Assert.Contains("not a SQLite database", failure.Message);
    }

    [Theory]
    [InlineData("nfs", DriveType.Network)]
    [InlineData("NFS", DriveType.Unknown)]
    [InlineData("cifs", DriveType.Unknown)]
    [InlineData("somethingnew", DriveType.Network)]
    public void LocalDisk_NetworkFileSystem_Refuses(string fileSystem, DriveType type)
    {
        var failure = Assert.Throws<WorkspaceException>(() => LocalDisk.Check("/data", fileSystem, type));

        Assert.Contains(fileSystem, failure.Message);
        Assert.Contains("local disk", failure.Message);
    }

    [Theory]
    [InlineData("ext4", DriveType.Fixed)]
    [InlineData("tmpfs", DriveType.Ram)]
    [InlineData("overlay", DriveType.Unknown)]
    public void LocalDisk_LocalFileSystem_Passes(string fileSystem, DriveType type) => LocalDisk.Check("/data", fileSystem, type);

    [Fact]
    public void Write_AnotherProcessHoldsTheDatabase_SaysSoAndReadsGoOn()
    {
        using var test = new TestWorkspace(new WorkspaceOptions { BusyTimeout = TimeSpan.FromSeconds(1) });
        var job = test.Submit();
        using var connection = test.OpenDatabase();
        using (connection.BeginTransaction(deferred: false))
        {
            var failure = Assert.Throws<StoreUnavailableException>(() => test.Jobs.RequestCancel(job.Id));

            Assert.Contains("BusyTimeout = 1 s", failure.Message);
            Assert.Equal(JobState.Queued, test.Job(job.Id).State);
        }
        Assert.Equal(JobState.Cancelled, test.Jobs.RequestCancel(job.Id).State);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(601)]
    public void Open_OptionOutOfRange_Refuses(double seconds)
    {
        using var folder = new TemporaryFolder();
        var options = new WorkspaceOptions { BusyTimeout = TimeSpan.FromSeconds(seconds) };

        Assert.Throws<ArgumentOutOfRangeException>(() => Workspace.Open(folder.Path, TimeProvider.System, options));
    }

    [Fact]
    public void DataVersion_CommitElsewhere_Changes()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        var before = test.Workspace.DataVersion();
        Assert.Equal(before, test.Workspace.DataVersion());

        other.Jobs.Submit(TestWorkspace.Spec(), null);
        var afterOther = test.Workspace.DataVersion();
        test.Submit();
        var afterOwn = test.Workspace.DataVersion();

        Assert.NotEqual(before, afterOther);
        Assert.NotEqual(afterOther, afterOwn);
    }

    [Fact]
    public void DataVersion_PollingWorkerWithoutJobs_StaysTheSame()
    {
        using var test = new TestWorkspace();
        var before = test.Workspace.DataVersion();

        Assert.Null(test.Jobs.TryLease("worker-1", TestWorkspace.LeaseDuration));
        Assert.Equal(0, test.Jobs.RequeueExpired());

        Assert.Equal(before, test.Workspace.DataVersion());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("0123456789abcdef0123456789abcdef\n")]
    public void JobFolder_NotAJobId_Refuses(string id)
    {
        using var test = new TestWorkspace();

        Assert.Throws<ArgumentException>(() => test.Workspace.JobFolder(id));
    }

    [Fact]
    public void AttemptFolder_EachAttempt_HasItsOwn()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var first = test.Lease();
        test.Jobs.Release(first);
        var second = test.Lease();

        Assert.NotEqual(test.Workspace.AttemptFolder(first), test.Workspace.AttemptFolder(second));
        Assert.All([first, second], lease => Assert.StartsWith(test.Workspace.JobFolder(job.Id), test.Workspace.AttemptFolder(lease)));
    }

    [Fact]
    public void DurableFile_Replace_LeavesOnlyTheNewContent()
    {
        using var folder = new TemporaryFolder();
        var (temporary, path) = (Path.Combine(folder.Path, "new"), Path.Combine(folder.Path, "file"));
        DurableFile.WriteAllBytes(path, "old"u8);
        File.WriteAllText(temporary, "new");

        DurableFile.Replace(temporary, path);

        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
        Assert.Throws<IOException>(() => DurableFile.FlushFolder(Path.Combine(folder.Path, "absent")));
    }

    private static void Execute(string folder, string sql)
    {
        using var connection = TestWorkspace.OpenDatabase(folder);
        connection.Execute(sql);
    }
}
