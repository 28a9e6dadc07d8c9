using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>On a disk that has room. A full one, which has to be one of its own: FullDiskTests.</summary>
public sealed class DiskSpaceTests
{
    [Fact]
    public void Problem_ThatIsNotOfRoom_IsNotTakenForIt()
    {
        using var folder = new TemporaryFolder();
        var absent = Assert.ThrowsAny<IOException>(() => File.ReadAllBytes(Path.Combine(folder.Path, "absent")));
        using var taken = DiskSpace.CreateReserved(Path.Combine(folder.Path, "taken"), 100);
        var twice = Assert.Throws<IOException>(() => DiskSpace.CreateReserved(Path.Combine(folder.Path, "taken"), 100));

        Assert.All((Exception[])[absent, twice, new IOException("nobody says why"), new AggregateException(absent), new OutOfMemoryException()],
            problem => Assert.False(DiskSpace.IsExhausted(problem), $"{problem}"));
    }
}
