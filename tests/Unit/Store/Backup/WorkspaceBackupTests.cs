using BiT.Core.Store;
using BiT.Tests.Unit.Store.Inspection;

namespace BiT.Tests.Unit.Store.Backup;

public sealed class WorkspaceBackupTests
{
    [Theory]
    [InlineData("backup")]
    [InlineData("backup.tar")]
    public void Restore_OfABackup_HasEverythingAndTheJobsWait(string name)
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        var (target, restored) = (Path.Combine(folder.Path, name), Path.Combine(folder.Path, "restored"));
        var lease = test.Workspace.Jobs.TryLease("worker-1", TimeSpan.FromHours(1));
        Assert.Equal(test.Job, lease?.JobId);
        test.Workspace.Tasks.Submit(TaskKind.Estimate, "{}", TimeSpan.FromHours(1));

        var backup = Make(test, target);
        // What comes after belongs to the next one.
        test.Workspace.Models.DeleteAlias("flowers", "live", OptionalExpected.Any);
        var (manifest, report) = WorkspaceRestore.Run(target, restored, TimeProvider.System, _ => { });

        Assert.Equal((5, $"jobs/{test.Job}/attempt-1/step-000000007.safetensors"), (backup.BlobCount, Assert.Single(backup.Checkpoints)));
        Assert.Equal(backup.DatabaseSha256, manifest.DatabaseSha256);
        Assert.Empty(report.Findings);
        Assert.Equal(["artifacts", "bit.db", "blobs", "cache", "jobs", "tmp"], Directory.GetFileSystemEntries(restored).Select(Path.GetFileName).Order());
        using var again = Workspace.Open(restored, TimeProvider.System);
        Assert.Equal(1, again.Models.Resolve("flowers", "live")?.Id.Number);
        Assert.Equal([JobState.Queued, JobState.Queued], again.Jobs.List(0, null).Items.Select(job => job.State));
        Assert.Equal(0, again.Jobs.Find(test.Job)?.LostLeases);
        Assert.Equal(File.ReadAllBytes(test.Checkpoint), File.ReadAllBytes(Path.Combine(again.JobFolder(test.Job), again.Jobs.Find(test.Job)?.Checkpoint ?? "")));
        Assert.False(again.Tasks.IsAnyRunning());
        Assert.Equal(3, again.Jobs.TryLease("worker-2", TimeSpan.FromHours(1))?.Attempt);
        Assert.Empty(WorkspaceInspection.Run(restored, new InspectionOptions(), TestContext.Current.CancellationToken).Findings);
    }

    [Fact]
    public void Backup_IntoTheFolderOfTheLast_CopiesWhatIsNewAndDropsWhatIsGone()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        Make(test, folder.Path);
        var kept = Path.Combine(folder.Path, "blobs", test.Photo.Blob[..2], test.Photo.Blob);
        var date = File.GetLastWriteTimeUtc(kept);
        test.Workspace.Models.Import("more", test.Manifest with { Weights = test.PutBytes([1, 2, 3]) });
        test.Workspace.Jobs.RequestCancel(test.Job);

        var second = Make(test, folder.Path);

        Assert.Equal((6, 0), (second.BlobCount, second.Checkpoints.Count));
        Assert.Equal(date, File.GetLastWriteTimeUtc(kept));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder.Path, "jobs"), "*", SearchOption.AllDirectories));
        using var elsewhere = new TemporaryFolder();
        var (_, report) = WorkspaceRestore.Run(folder.Path, elsewhere.Path, TimeProvider.System, _ => { });
        Assert.Equal(2, report.Counts.Versions);
    }

    [Fact]
    public void Restore_OfAFolderCutOffBetweenItsDatabaseAndItsManifest_IsTheNewBackup()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        using var newer = new TemporaryFolder();
        Make(test, folder.Path);
        test.Workspace.Models.DeleteAlias("flowers", "live", OptionalExpected.Any);
        var second = Make(test, newer.Path);
        File.Copy(Path.Combine(newer.Path, "bit.db"), Path.Combine(folder.Path, "bit.db"), overwrite: true);
        File.Copy(Path.Combine(newer.Path, "backup.json"), Path.Combine(folder.Path, "backup.next.json"));

        using var elsewhere = new TemporaryFolder();
        var (manifest, _) = WorkspaceRestore.Run(folder.Path, elsewhere.Path, TimeProvider.System, _ => { });

        Assert.Equal(second.DatabaseSha256, manifest.DatabaseSha256);
        Assert.Empty(Directory.GetFiles(elsewhere.Path, "backup*"));
        // The next one cleans up.
        Make(test, folder.Path);
        Assert.False(File.Exists(Path.Combine(folder.Path, "backup.next.json")));
    }

    [Fact]
    public void Restore_OfRowsThatWereWrongWhenTheyWereBackedUp_RestoresAndSaysSo()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        using (var connection = TestWorkspace.OpenDatabase(test.Workspace.Path))
            connection.Execute("PRAGMA foreign_keys = OFF; UPDATE model_aliases SET number = 77");
        Make(test, folder.Path);
        var lines = new List<string>();

        var (_, report) = WorkspaceRestore.Run(folder.Path, elsewhere.Path, TimeProvider.System, lines.Add);

        Assert.False(report.IsConsistent);
        Assert.Contains(lines, line => line.StartsWith("It was so when it was backed up", StringComparison.Ordinal));
    }

    [Fact]
    public void Backup_OfADamagedWorkspace_IsRefusedAndLeavesNothing()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        test.Overwrite(test.Photo.Blob);

        foreach (var name in new[] { "new", "new.tar" })
        {
            var target = Path.Combine(folder.Path, name);
            Assert.Contains(test.Photo.Blob, Assert.Throws<BackupException>(() => Make(test, target)).Message);
            Assert.False(File.Exists(target) || File.Exists(Path.Combine(target, "backup.json")) || Directory.Exists(target + ".staging"));
        }
    }

    [Theory]
    [InlineData("bit.db")]
    [InlineData("backup.json")]
    [InlineData("blobs")]
    [InlineData("jobs")]
    public void Restore_OfADamagedBackup_IsRefusedAndLeavesNothing(string damaged)
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        var target = Path.Combine(folder.Path, "backup");
        Make(test, target);
        var file = Directory.GetFiles(target, "*", SearchOption.AllDirectories).First(path => Path.GetRelativePath(target, path).StartsWith(damaged, StringComparison.Ordinal));
        var bytes = File.ReadAllBytes(file);
        bytes[^2] ^= 0x10;
        File.Delete(file);
        File.WriteAllBytes(file, bytes);
        var restored = Path.Combine(folder.Path, "restored");

        Assert.Throws<BackupException>(() => WorkspaceRestore.Run(target, restored, TimeProvider.System, _ => { }));
        Assert.Empty(Directory.EnumerateFileSystemEntries(restored));
    }

    [Fact]
    public void Restore_OfACutTar_IsRefusedAtEveryLength()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        var target = Path.Combine(folder.Path, "backup.tar");
        Make(test, target);
        var bytes = File.ReadAllBytes(target);
        foreach (var length in new[] { 0, 100, 512, 2000, bytes.Length / 2, bytes.Length - 3000 })
        {
            File.WriteAllBytes(target, bytes[..length]);
            Assert.Throws<BackupException>(() => WorkspaceRestore.Run(target, Path.Combine(folder.Path, "restored"), TimeProvider.System, _ => { }));
        }
    }

    [Fact]
    public void BackupAndRestore_IntoAFolderWithSomethingElse_Refuse()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "letter.txt"), "dear");

        Assert.Contains("neither empty nor a backup", Assert.Throws<BackupException>(() => Make(test, folder.Path)).Message);
        Assert.Contains("in the workspace itself", Assert.Throws<BackupException>(() => Make(test, Path.Combine(test.Path, "backup"))).Message);
        var backup = Path.Combine(folder.Path, "backup");
        Make(test, backup);
        Assert.Contains("not empty", Assert.Throws<BackupException>(() => WorkspaceRestore.Run(backup, test.Path, TimeProvider.System, _ => { })).Message);
        Assert.Equal(["backup", "letter.txt"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Backup_BesideWhatKilledOnesHaveLeft_DeletesItAndNothingElse()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        string Leave(string name, string file, TimeSpan age)
        {
            var path = Directory.CreateDirectory(Path.Combine(folder.Path, name)).FullName;
            foreach (var left in (string[])[file, "snapshot.db"])
            {
                File.WriteAllText(Path.Combine(path, left), "half");
                File.SetLastWriteTimeUtc(Path.Combine(path, left), DateTime.UtcNow - age);
            }
            return path;
        }
        var (old, earlier) = (Leave("old.tar.staging", "backup.lock", TimeSpan.FromHours(2)), Leave("earlier.tar.staging", "backup.tar", TimeSpan.FromHours(2)));
        string[] kept =
        [
            Leave("young.tar.staging", "backup.lock", TimeSpan.FromMinutes(1)), Leave("foreign.tar.staging", "letter.txt", TimeSpan.FromDays(2)),
            Leave("living.tar.staging", "backup.lock", TimeSpan.FromDays(2)), Leave("letters", "backup.lock", TimeSpan.FromDays(2)),
        ];
        using var living = new FileStream(Path.Combine(folder.Path, "living.tar.staging", "backup.lock"), FileMode.Open, FileAccess.Read, FileShare.None);
        var lines = new List<string>();

        WorkspaceBackup.Make(test.Path, Path.Combine(folder.Path, "new.tar"), TimeProvider.System, lines.Add, TestContext.Current.CancellationToken);

        Assert.Equal(kept.Append(Path.Combine(folder.Path, "new.tar")).Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(folder.Path).Order(StringComparer.Ordinal));
        Assert.Equal(2, lines.Count(line => line.StartsWith(old, StringComparison.Ordinal) || line.StartsWith(earlier, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("backup.tar")]
    public void Backup_ToWhereAnotherIsBeingMade_IsRefusedAndLeavesThatAlone(string name)
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        var target = Path.Combine(folder.Path, name);
        var staging = name.EndsWith(".tar", StringComparison.Ordinal) ? target + ".staging" : Path.Combine(target, "staging");
        using (BackupStaging.Take(staging))
        {
            Assert.Contains("Another backup is being made", Assert.Throws<BackupException>(() => Make(test, target)).Message, StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(staging, "backup.lock")));
        }
        Make(test, target);
        Assert.False(Directory.Exists(staging));
    }

    // Versions come and go, and are collected, while backups are made: each of them is whole.
    [Fact]
    public async Task Backup_WhileTheStoreIsWrittenAndCollected_IsConsistentEachTime()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() =>
        {
            for (var round = 0; !stop.IsCancellationRequested; round++)
            {
                var version = test.Workspace.Models.Import("churn", test.Manifest with { Weights = test.PutBytes(BitConverter.GetBytes(round)) });
                test.Workspace.Models.DeleteVersion(version.Id);
                test.Workspace.Collect(new CollectionOptions { BlobAge = TimeSpan.Zero }, isDryRun: false);
            }
        }, TestContext.Current.CancellationToken);
        try
        {
            for (var round = 0; round < 5; round++)
            {
                var target = Path.Combine(folder.Path, $"{round}.tar");
                Make(test, target);
                WorkspaceRestore.Run(target, Path.Combine(folder.Path, $"restored-{round}"), TimeProvider.System, _ => { });
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }
    }

    private static BackupManifest Make(InspectedWorkspace test, string target) =>
        WorkspaceBackup.Make(test.Path, target, TimeProvider.System, _ => { }, TestContext.Current.CancellationToken);
}
