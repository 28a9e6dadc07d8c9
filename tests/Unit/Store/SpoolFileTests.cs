namespace BiT.Tests.Unit.Store;

public sealed class SpoolFileTests
{
    [Fact]
    public void Spool_WhenDisposed_IsGone()
    {
        using var test = new TestWorkspace();
        using (var spool = test.Workspace.CreateSpool())
        {
            spool.Content.Write("content"u8);
            Assert.Single(Directory.EnumerateFiles(test.Workspace.TemporaryFolder));
        }

        Assert.Empty(Directory.EnumerateFiles(test.Workspace.TemporaryFolder));
    }

    [Fact]
    public void Open_WhileASpoolIsInUse_KeepsItAndDeletesThoseOfTheDead()
    {
        using var test = new TestWorkspace();
        using var spool = test.Workspace.CreateSpool();
        var abandoned = Path.Combine(test.Workspace.TemporaryFolder, "abandoned.spool.tmp");
        File.WriteAllText(abandoned, "left by a process that died");

        test.OpenAgain();

        Assert.False(File.Exists(abandoned));
        Assert.Single(Directory.EnumerateFiles(test.Workspace.TemporaryFolder));
        spool.Content.Write("still there"u8);
    }
}
