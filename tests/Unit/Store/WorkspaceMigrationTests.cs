using BiT.Core.Store;
using Microsoft.Data.Sqlite;

namespace BiT.Tests.Unit.Store;

/// <summary>Databases of earlier versions, as they were written then: tests/Fixtures/workspace/schema-{version}.sql.</summary>
public sealed class WorkspaceMigrationTests
{
    private const string Dataset = "603c8a08a8c13b7601f86f675fc51928b1eebf11fe0c6e9bb7e0eb1c168925dc";
    private const string Done = "0190a0b0c0d0e0f00000000000000001";
    private const string Running = "0190a0b0c0d0e0f00000000000000002";
    private const string Failed = "0190a0b0c0d0e0f00000000000000003";

    [Fact]
    public void Open_DatabaseOfVersion1_KeepsAllOfItAndGoesOn()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Path, version: 1);

        using var workspace = Workspace.Open(folder.Path, TimeProvider.System);

        var dataset = workspace.Datasets.Find(Dataset);
        Assert.Equal(("Blumen für Käthe", 3, 0), (dataset?.DisplayName, dataset?.Photos.Count, dataset?.ProblemCount));
        var model = workspace.Models.Find("flowers");
        Assert.Equal((2, 2), (model?.Aliases["live"], model?.LatestVersion?.Id.Number));
        Assert.Equal((0.75, "\"abc\""), (model?.LatestVersion?.Manifest.ValidationAccuracy, model?.LatestVersion?.Manifest.Lineage["planHash"]));
        Assert.Equal([Failed, Running, Done], workspace.Jobs.List(0, null).Items.Select(job => job.Id));
        Assert.Equal((JobState.Succeeded, "models/flowers/versions/1", 60L),
            (workspace.Jobs.Find(Done)?.State, $"{workspace.Jobs.Find(Done)?.Result}", workspace.Jobs.Find(Done)?.Progress?.Step));
        Assert.Equal("DIVERGED", workspace.Jobs.Find(Failed)?.Error?.Reason);
        Assert.Equal([1, 2, 3, 4], workspace.Jobs.ReadEvents(Done, 0, 100).Select(item => item.Cursor));
        Assert.True(double.IsNaN(workspace.Jobs.ReadEvents(Done, 2, 1)[0].ReadProgress().Loss ?? 0));

        // And everything of today works on it: the lease of then has run out, the alias can go back, a version can be deleted.
        var lease = workspace.Jobs.TryLease("worker-2", TimeSpan.FromMinutes(1));
        Assert.Equal((Running, 2), (lease?.JobId, lease?.Attempt));
        Assert.Equal("attempt-1/step-000000007.safetensors", workspace.Jobs.Find(Running)?.Checkpoint);
        workspace.Models.SetAlias("flowers", "live", 1, OptionalExpected.Version(2));
        workspace.Models.DeleteVersion(new ModelVersionId("flowers", 2));
        Assert.Equal(Done, workspace.Jobs.Submit(workspace.Jobs.Find(Done)?.Spec ?? TestWorkspace.Spec(), "request-1").Id);
    }

    [Fact]
    public void Open_DatabaseOfVersion1_HasTheTablesOfANewOne()
    {
        using var folder = new TemporaryFolder();
        var (old, fresh) = (Path.Combine(folder.Path, "old"), Path.Combine(folder.Path, "fresh"));
        Write(old, version: 1);

        Workspace.Open(old, TimeProvider.System).Dispose();
        Workspace.Open(fresh, TimeProvider.System).Dispose();

        Assert.Equal(Describe(fresh), Describe(old));
    }

    [Fact]
    public void Inspect_DatabaseOfVersion1_ChecksItInTheFormOfTodayAndLeavesIt()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Path, version: 1);
        var before = File.ReadAllBytes(Path.Combine(folder.Path, "bit.db"));

        var report = WorkspaceInspection.Run(folder.Path, new InspectionOptions { IsQuick = true }, TestContext.Current.CancellationToken);

        Assert.Equal(1, report.SchemaVersion);
        Assert.Single(report.Findings, finding => finding.Code == "SCHEMA_OLD");
        // Its files are not part of the fixture: 3 photos, a graph, weights, a checkpoint.
        Assert.Equal(5, report.Findings.Count(finding => finding.Code == "BLOB_MISSING"));
        Assert.Single(report.Findings, finding => finding.Code == "CHECKPOINT_MISSING");
        Assert.Equal(7, report.Findings.Count);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(folder.Path, "bit.db")));
    }

    private static void Write(string folder, int version)
    {
        Directory.CreateDirectory(folder);
        using var connection = TestWorkspace.OpenDatabase(folder);
        connection.Execute(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "workspace", $"schema-{version}.sql")));
    }

    // What the tables are, whichever statements made them.
    private static List<string> Describe(string folder)
    {
        using var connection = TestWorkspace.OpenDatabase(folder);
        var lines = connection.Query("SELECT type || ' ' || name || ' on ' || tbl_name FROM sqlite_schema ORDER BY 1", row => row.GetString(0));
        foreach (var table in connection.Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name", row => row.GetString(0)))
        {
            lines.AddRange(connection.Query($"SELECT * FROM pragma_table_info('{table}')", row => Line(table, row)));
            lines.AddRange(connection.Query($"SELECT * FROM pragma_foreign_key_list('{table}')", row => Line(table, row)));
        }
        lines.Add($"version {connection.QueryNumber("PRAGMA user_version")}");
        return lines;
    }

    private static string Line(string table, SqliteDataReader row) =>
        table + ": " + string.Join(", ", Enumerable.Range(0, row.FieldCount).Select(column => row.IsDBNull(column) ? "-" : row.GetValue(column)));
}
