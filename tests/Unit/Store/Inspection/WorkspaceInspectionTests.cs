using BiT.Core.Store;
using BiT.Training.Checkpoints;

namespace BiT.Tests.Unit.Store.Inspection;

public sealed class WorkspaceInspectionTests
{
    [Fact]
    public void Inspect_FullWorkspaceInUse_FindsItConsistentAndChangesNothing()
    {
        using var test = new InspectedWorkspace();
        var before = Files(test.Path);

        var report = test.Inspect();

        Assert.Empty(report.Findings);
        Assert.True(report.IsConsistent);
        Assert.Equal((Schema.CurrentVersion, 1, 1, 1, 2, 1, 5), (report.SchemaVersion, report.Counts.Datasets, report.Counts.Versions, report.Counts.Aliases,
            report.Counts.Jobs, report.Counts.Checkpoints, report.Counts.Blobs));
        Assert.Equal(before, Files(test.Path));
    }

    [Fact]
    public void Inspect_BlobMissingOrChanged_NamesWhoNeedsItAndTakesItFromABackup()
    {
        using var test = new InspectedWorkspace();
        using var folder = new TemporaryFolder();
        WorkspaceBackup.Make(test.Path, folder.Path, TimeProvider.System, _ => { }, TestContext.Current.CancellationToken);
        var (photo, graph) = (test.Photo.Blob, test.Manifest.InferenceGraph);
        File.Delete(test.Blobs.PathOf(photo));
        test.Overwrite(graph);

        var report = test.Inspect();

        var missing = Assert.Single(report.Findings, finding => finding.Code == "BLOB_MISSING");
        Assert.Contains(photo, missing.Subject);
        Assert.Contains("(rose 1.jpg)", missing.Message);
        var damaged = Assert.Single(report.Findings, finding => finding.Code == "BLOB_DAMAGED");
        Assert.Contains(graph, damaged.Subject);
        Assert.Contains("models/flowers/versions/1", damaged.Message);
        Assert.False(report.IsConsistent);

        var repaired = test.Inspect(new InspectionOptions { Repairs = true, Source = folder.Path });

        Assert.Equal(2, repaired.Findings.Count(finding => finding.IsRepaired));
        Assert.True(repaired.IsConsistent);
        Assert.Empty(test.Inspect().Findings);
    }

    [Fact]
    public void Inspect_ChangedBlobOfTheSameSize_IsFoundByItsHashAlone()
    {
        using var test = new InspectedWorkspace();
        test.Overwrite(test.Photo.Blob);

        Assert.True(test.Inspect(new InspectionOptions { IsQuick = true }).IsConsistent);
        Assert.Equal("BLOB_DAMAGED", Assert.Single(test.Inspect().Findings).Code);
        File.AppendAllText(test.Blobs.PathOf(test.Photo.Blob), "more");
        Assert.Equal("BLOB_DAMAGED", Assert.Single(test.Inspect(new InspectionOptions { IsQuick = true }).Findings).Code);
    }

    [Theory]
    [InlineData("UPDATE photos SET label = 'other' WHERE position = 0", "DATASET_DAMAGED", false)]
    [InlineData("UPDATE model_versions SET manifest = '{}'", "MANIFEST_DAMAGED", false)]
    [InlineData("UPDATE model_versions SET delete_time = 1", "ALIAS_DANGLING", true)]
    [InlineData("UPDATE jobs SET spec = 'x' WHERE seq = 1", "JOB_DAMAGED", false)]
    [InlineData("UPDATE jobs SET state = 77 WHERE seq = 1", "JOB_DAMAGED", false)]
    [InlineData("PRAGMA foreign_keys = OFF; DELETE FROM datasets ", "JOB_WITHOUT_DATASET", false)]
    [InlineData("PRAGMA foreign_keys = OFF; DELETE FROM jobs WHERE seq = 2", "REFERENCE_BROKEN", true)]
    [InlineData("PRAGMA foreign_keys = OFF; DELETE FROM model_versions", "REFERENCE_BROKEN", false)]
    [InlineData("DROP INDEX jobs_by_state", "SCHEMA_DIFFERS", false)]
    [InlineData("UPDATE jobs SET checkpoint = 'attempt-9/step-9.safetensors' WHERE checkpoint IS NOT NULL", "CHECKPOINT_RENEWED", true)]
    public void Inspect_RowsThatContradict_SaysWhatIsWrongAndRepairsWhatCanBe(string sql, string code, bool isRepairable)
    {
        using var test = new InspectedWorkspace();
        test.Execute(sql);

        var finding = test.Inspect().Findings.First(finding => finding.Code == code);
        Assert.Equal(isRepairable, finding.IsRepairable);
        if (!isRepairable)
            return;
        Assert.Contains(test.Inspect(new InspectionOptions { Repairs = true }).Findings, item => item.Code == code && item.IsRepaired);
        Assert.DoesNotContain(test.Inspect().Findings, item => item.Code == code);
    }

    [Fact]
    public void Inspect_DamagedCheckpoint_IsSetAsideAndTheJobBeginsAnew()
    {
        using var test = new InspectedWorkspace();
        var bytes = File.ReadAllBytes(test.Checkpoint);
        bytes[^1] ^= 1;
        File.WriteAllBytes(test.Checkpoint, bytes);

        Assert.Equal("CHECKPOINT_DAMAGED", Assert.Single(test.Inspect().Findings).Code);
        Assert.True(test.Inspect(new InspectionOptions { IsQuick = true }).IsConsistent);
        File.WriteAllBytes(test.Checkpoint, bytes[..^1]);
        Assert.Equal("CHECKPOINT_DAMAGED", Assert.Single(test.Inspect(new InspectionOptions { IsQuick = true }).Findings).Code);

        var report = test.Inspect(new InspectionOptions { Repairs = true });
        Assert.Equal(["CHECKPOINT_DAMAGED", "CHECKPOINT_MISSING"], report.Findings.Select(finding => finding.Code));
        Assert.True(report.IsConsistent);
        Assert.Null(test.Workspace.Jobs.Find(test.Job)?.Checkpoint);
        Assert.Empty(test.Inspect().Findings);
        Assert.Equal(bytes[..^1], File.ReadAllBytes(Assert.Single(Directory.GetFiles(Path.Combine(test.Path, "damaged"), "*", SearchOption.AllDirectories))));
    }

    [Fact]
    public void Inspect_Leftovers_AreNotedAndRemoved()
    {
        using var test = new InspectedWorkspace();
        var folder = Directory.CreateDirectory(Path.Combine(test.Path, "jobs", new string('a', 32))).FullName;
        var old = Path.Combine(test.Path, "tmp", "x.blob.tmp");
        File.WriteAllText(old, "half");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow - TimeSpan.FromDays(2));
        File.WriteAllText(Path.Combine(test.Path, "blobs", "note.txt"), "mine");

        var report = test.Inspect(new InspectionOptions { Repairs = true });

        Assert.Equal(["FOLDER_WITHOUT_JOB", "LEFTOVER", "STRAY_FILE"], report.Findings.Select(finding => finding.Code).Order());
        Assert.True(report.IsConsistent);
        Assert.False(Directory.Exists(folder) || File.Exists(old));
        Assert.True(File.Exists(Path.Combine(test.Path, "blobs", "note.txt")));
    }

    [Fact]
    public void Inspect_DatabaseWithOverwrittenPages_SaysSo()
    {
        using var test = new InspectedWorkspace();
        test.Close();
        using (var file = File.OpenWrite(Path.Combine(test.Path, "bit.db")))
        {
            file.Position = 4096;
            file.Write(Enumerable.Repeat((byte)0x5A, (int)file.Length - 4096).ToArray());
        }

        var report = test.Inspect();

        Assert.False(report.IsConsistent);
        var finding = Assert.Single(report.Findings);
        Assert.Equal("DATABASE_DAMAGED", finding.Code);
        Assert.Contains("bit restore", finding.Message);
        // Nor does anything start on it, or back it up as if it were whole.
        var open = Assert.Throws<WorkspaceException>(() => Workspace.Open(test.Path, TimeProvider.System).Models.List(0, null));
        Assert.Contains("damaged", open.Message);
    }

    [Fact]
    public void Inspect_NoDatabase_SaysWhatTheFolderIs()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("not a workspace", Assert.Throws<WorkspaceException>(() => Run(folder.Path)).Message);
        Directory.CreateDirectory(Path.Combine(folder.Path, "blobs"));
        Assert.Contains("lost its database", Assert.Throws<WorkspaceException>(() => Run(folder.Path)).Message);
    }

    // The trainer writes checkpoints and this reads them: both know one format.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void CheckpointFile_WrittenByTheTrainer_IsWholeAndEveryCutIsFound(int arrays)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "step-1.safetensors");
        TensorFile.Write(path, new Dictionary<string, string> { ["state"] = "{}" },
            [.. Enumerable.Range(0, arrays).Select(index => KeyValuePair.Create($"weights/{index}", new float[10 + index]))]);
        CheckpointFile.Verify(path, isQuick: false);
        CheckpointFile.Verify(path, isQuick: true);

        var bytes = File.ReadAllBytes(path);
        for (var length = 0; length < bytes.Length; length += 7)
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.Throws<InvalidDataException>(() => CheckpointFile.Verify(path, isQuick: true));
        }
    }

    private static InspectionReport Run(string folder) => WorkspaceInspection.Run(folder, new InspectionOptions(), TestContext.Current.CancellationToken);

    private static List<(string, DateTime)> Files(string folder) => [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Where(path => !path.EndsWith("-shm", StringComparison.Ordinal)).Order().Select(path => (path, File.GetLastWriteTimeUtc(path)))];
}
