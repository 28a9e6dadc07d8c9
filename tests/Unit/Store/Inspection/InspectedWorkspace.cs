using BiT.Core.Store;
using BiT.Training.Checkpoints;

namespace BiT.Tests.Unit.Store.Inspection;

/// <summary>A workspace with one of everything: a data set, a version with an alias, a job that waits and one with a checkpoint.</summary>
internal sealed class InspectedWorkspace : IDisposable
{
    private readonly TestWorkspace _test = new(hasDataset: false);

    public InspectedWorkspace()
    {
        Photo = _test.Photo("rose 1", "rose");
        var spec = new FineTuneSpec { ModelId = "flowers", DatasetId = Workspace.Datasets.Save("flowers", [Photo, _test.Photo("daisy 1", "daisy")]).Id };
        Manifest = _test.Manifest() with { Report = _test.PutText("report") };
        var version = Workspace.Models.Import("flowers", Manifest);
        Workspace.Models.SetAlias("flowers", "live", version.Id.Number, OptionalExpected.Any);
        Job = Workspace.Jobs.Submit(spec, null).Id;
        var lease = _test.Lease();
        Checkpoint = System.IO.Path.Combine(_test.Workspace.AttemptFolder(lease), "step-000000007.safetensors");
        TensorFile.Write(Checkpoint, new Dictionary<string, string> { ["state"] = "{}" }, [KeyValuePair.Create("weights/a", new float[] { 1, 2, 3 })]);
        _test.Jobs.SetCheckpoint(lease, "attempt-1/step-000000007.safetensors");
        _test.Jobs.Release(lease);
        Workspace.Jobs.Submit(spec, null);
    }

    public string Path => _test.Path;

    public Workspace Workspace => _test.Workspace;

    public BlobStore Blobs => Workspace.Blobs;

    public Photo Photo { get; }

    public ModelManifest Manifest { get; }

    public string Job { get; }

    public string Checkpoint { get; }

    public InspectionReport Inspect(InspectionOptions? options = null) =>
        WorkspaceInspection.Run(Path, options ?? new InspectionOptions(), TestContext.Current.CancellationToken);

    public string PutBytes(byte[] bytes) => Blobs.Put(new MemoryStream(bytes));

    /// <summary>Changes a blob, not its size.</summary>
    public void Overwrite(string blob)
    {
        var path = Blobs.PathOf(blob);
        var bytes = File.ReadAllBytes(path);
        bytes[0] ^= 1;
        File.Delete(path);
        File.WriteAllBytes(path, bytes);
    }

    public void Execute(string sql)
    {
        using var connection = _test.OpenDatabase();
        connection.Execute(sql);
    }

    /// <summary>Ends every use of the folder.</summary>
    public void Close() => Workspace.Dispose();

    public void Dispose() => _test.Dispose();
}
