using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

public sealed class GraphFilesTests : IDisposable
{
    private readonly TestWorkspace _test = new();
    private readonly List<string> _log = [];
    private readonly string _model;
    private readonly string _data;

    public GraphFilesTests() => (_model, _data) = (_test.PutText("a model"), _test.PutText("its data"));

    private BlobStore Blobs => _test.Workspace.Blobs;

    private string Temporary => _test.Workspace.TemporaryFolder;

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Create_OnAFileSystemWithLinks_PutsBothSideBySideWithoutACopy()
    {
        string folder;
        using (var files = Create())
        {
            folder = Path.GetDirectoryName(files.ModelPath) ?? "";
            Assert.Equal(["a model", "its data"], Content(files));
            Assert.Equal(["infer.onnx", "infer.onnx.data"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
            // The same file under another name: what changes at the one shows at the other.
            File.SetLastWriteTimeUtc(Blobs.PathOf(_data), DateTime.UnixEpoch);
            Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(files.ModelPath + ".data"));
            Assert.Null(new FileInfo(files.ModelPath).LinkTarget);
        }

        Assert.False(Directory.Exists(folder));
        Assert.True(Blobs.Contains(_model) && Blobs.Contains(_data));
        Assert.Empty(_log);
    }

    [Fact]
    public void Create_WhereLinksAreRefused_CopiesAndWarns()
    {
        using (var files = GraphFiles.Create(Blobs, _model, _data, Temporary, _log.Add, (_, _) => "Invalid cross-device link"))
            Assert.Equal(["a model", "its data"], Content(files));

        Assert.Equal(2, _log.Count);
        Assert.All(_log, line => Assert.Contains("cannot be hard-linked (Invalid cross-device link)", line));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary));
    }

    [Fact]
    public void Create_FailureOnTheWay_LeavesNothing()
    {
        File.Delete(Blobs.PathOf(_data));

        Assert.Throws<FileNotFoundException>(Create);

        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary));
    }

    [Fact]
    public void Opening_DeletesWhatAKilledProcessLeftADayAgo_AndNoBlob()
    {
        // As kill -9 leaves them.
        var (old, young) = (Abandon(), Abandon());
        Directory.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-1).AddMinutes(-1));

        using var opened = _test.OpenAgain();

        Assert.Equal((false, true), (Directory.Exists(old), Directory.Exists(young)));
        Blobs.Verify(_model);
        Blobs.Verify(_data);
    }

    [Fact]
    public void Link_ToANameThatIsTaken_IsAnErrorAndNoRefusal()
    {
        var taken = Path.Combine(Temporary, "taken");
        File.WriteAllText(taken, "something else");

        Assert.Throws<IOException>(() => HardLink.TryCreate(Blobs.PathOf(_model), taken));
        Assert.Equal("something else", File.ReadAllText(taken));
    }

    private GraphFiles Create() => GraphFiles.Create(Blobs, _model, _data, Temporary, _log.Add);

    private string Abandon() => Path.GetDirectoryName(Create().ModelPath) ?? "";

    private static string[] Content(GraphFiles files) => [File.ReadAllText(files.ModelPath), File.ReadAllText(files.ModelPath + ".data")];
}
