using System.IO.Compression;
using BiT.Core.Weights;

namespace BiT.Tests.Unit.Weights;

public sealed class NpzFileTests
{
    public static TheoryData<int[]> Shapes => new((int[][])[[], [1], [7], [0], [3, 4], [2, 0, 3], [7, 7, 3, 64], [1, 1, 70_000]]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Write_ThenRead_GivesTheSame(int[] shape)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.npz");
        var values = Numbers(shape.Aggregate(1, (product, size) => product * size));

        NpzFile.Write(path, [new("resnet/root_block/a", new NpyArray(shape, values)), new("z", new NpyArray([1], [float.NaN]))]);
        var read = NpzFile.Read(path);

        Assert.Equal(["resnet/root_block/a", "z"], read.Keys);
        Assert.Equal(shape, read["resnet/root_block/a"].Shape);
        Assert.Equal(values, read["resnet/root_block/a"].Values);
        Assert.Equal(
            [("resnet/root_block/a", shape), ("z", [1])], NpzFile.ReadShapes(path).Select(item => (item.Name, item.Shape.ToArray())));
        Assert.Equal(["a.npz"], Directory.EnumerateFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Write_Half_RoundsToFloat16()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.npz");

        NpzFile.Write(path, [new("a", new NpyArray([5], [1f, 0.1f, -65504f, 1e-9f, float.PositiveInfinity]))], half: true);

        Assert.Equal([1f, (float)(Half)0.1f, -65504f, 0f, float.PositiveInfinity], NpzFile.Read(path)["a"].Values);
    }

    [Fact]
    public void Write_HalfBeyondItsRange_IsRefusedAndLeavesNothing()
    {
        using var folder = new TemporaryFolder();

        var failure = Assert.Throws<InvalidDataException>(() =>
            NpzFile.Write(Path.Combine(folder.Path, "a.npz"), [new("big", new NpyArray([2], [1f, 70_000f]))], half: true));

        Assert.Contains("big: element 1 is 70000", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(folder.Path));
    }

    [Fact]
    public void Write_Twice_GivesEqualBytesInNumPysLayout()
    {
        using var folder = new TemporaryFolder();
        var paths = new[] { Path.Combine(folder.Path, "a.npz"), Path.Combine(folder.Path, "b.npz") };
        foreach (var path in paths)
            NpzFile.Write(path, [new("w", new NpyArray([2], [1f, -2f]))]);
        var bytes = File.ReadAllBytes(paths[0]);

        Assert.Equal(bytes, File.ReadAllBytes(paths[1]));
        using var zip = ZipFile.OpenRead(paths[0]);
        var entry = Assert.Single(zip.Entries);
        Assert.Equal(("w.npy", entry.Length, 1980), (entry.FullName, entry.CompressedLength, entry.LastWriteTime.Year));
        // The array as numpy.save writes it, uncompressed inside the file.
        var npy = NpyFiles.Of("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [0, 0, 128, 63, 0, 0, 0, 192]);
        Assert.True(bytes.AsSpan().IndexOf(npy) > 0);
    }

    [Theory]
    [InlineData("<f2", new byte[] { 0x00, 0x3C, 0x00, 0xC0 })]
    [InlineData("<f4", new byte[] { 0, 0, 128, 63, 0, 0, 0, 192 })]
    [InlineData("<f8", new byte[] { 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0 })]
    public void Read_EachElementType_GivesFloat32(string descr, byte[] elements)
    {
        var npy = NpyFiles.Of($"{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}", elements);

        Assert.Equal([1f, -2f], ReadOne(npy, CompressionLevel.NoCompression).Values);
        Assert.Equal([1f, -2f], ReadOne(npy, CompressionLevel.Optimal).Values);
    }

    [Fact]
    public void Read_FortranOrder_GivesRowMajor()
    {
        // [[0, 1, 2], [3, 4, 5]] by columns, then the same twice along a last axis.
        var matrix = NpyFiles.Of("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", NpyFiles.Floats(0, 3, 1, 4, 2, 5));
        var cube = NpyFiles.Of(
            "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 2), }", NpyFiles.Floats(0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11));

        Assert.Equal([0, 1, 2, 3, 4, 5], ReadOne(matrix).Values);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => (float)i), ReadOne(cube).Values);
    }

    [Theory]
    [InlineData("""{"descr":"<f4","shape":(2,),"fortran_order":False}""", 1)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }", 1)]
    [InlineData("{'shape': (1, 2), 'fortran_order': False, 'descr': '<f4'}", 2)]
    public void Read_OtherSpellingsAndVersions_AreUnderstood(string header, int rank)
    {
        foreach (var version in (byte[])[1, 2, 3])
            Assert.Equal(rank, ReadOne(NpyFiles.Of(header, NpyFiles.Floats(1, 2), version)).Shape.Count);
    }

    private static NpyArray ReadOne(byte[] npy, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using var folder = new TemporaryFolder();
        return NpzFile.Read(NpyFiles.Zip(folder, compression, ("a.npy", npy)))["a"];
    }

    private static float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i) * 100)];
}
