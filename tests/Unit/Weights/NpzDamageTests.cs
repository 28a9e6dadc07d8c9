using System.IO.Compression;
using BiT.Core.Weights;

namespace BiT.Tests.Unit.Weights;

public sealed class NpzDamageTests
{
    private const string Header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

    [Theory]
    [InlineData("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", "'<i8'")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "'>f4'")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "descr")]
    [InlineData("{'descr': '<f4', 'shape': (2,), }", "fortran_order")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "(-2,)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (two,), }", "(two,)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999, 99999), }", "more than")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }", "4,000,000,128 bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "132 bytes")]
    public void Read_HeaderThatDoesNotFit_NamesFileArrayAndExpectation(string header, string expected) =>
        AssertDamaged(NpyFiles.Of(header, NpyFiles.Floats(1, 2)), expected);

    [Fact]
    public void Read_NoNpyInside_SaysWhatCame()
    {
        AssertDamaged("hello hello hello"u8.ToArray(), "68656C6C6F20");
        AssertDamaged([], "damaged");
        AssertDamaged(NpyFiles.Of(Header, NpyFiles.Floats(1, 2), version: 9), "version 9.0");
        AssertDamaged(NpyFiles.Of(new string(' ', 10_000) + Header, NpyFiles.Floats(1, 2)), "at most 10,000");
    }

    [Fact]
    public void Read_NoZip_SaysSo()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "x.npz");
        File.WriteAllText(path, "<html>404</html>");

        var failure = Assert.Throws<InvalidDataException>(() => NpzFile.Read(path));

        Assert.StartsWith($"{path} is not a whole .npz (zip) file", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OneFlippedBit_FailsItsChecksum()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "x.npz");
        NpzFile.Write(path, [new("w", new NpyArray([2], [1f, -2f]))]);
        var bytes = File.ReadAllBytes(path);
        var element = bytes.AsSpan().IndexOf(NpyFiles.Floats(1, -2));
        bytes[element] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Contains("checksum", Assert.Throws<InvalidDataException>(() => NpzFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EveryTruncation_IsInvalidData()
    {
        using var folder = new TemporaryFolder();
        var whole = Path.Combine(folder.Path, "whole.npz");
        var part = Path.Combine(folder.Path, "part.npz");
        NpzFile.Write(whole, [new("w", new NpyArray([20], new float[20]))]);
        var bytes = File.ReadAllBytes(whole);
        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(part, bytes[..length]);
            Assert.Throws<InvalidDataException>(() => NpzFile.Read(part));
        }
    }

    [Fact]
    public void Read_ForeignOrRepeatedEntries_AreRefused()
    {
        var npy = NpyFiles.Of(Header, NpyFiles.Floats(1, 2));
        using var folder = new TemporaryFolder();

        var foreign = NpyFiles.Zip(folder, CompressionLevel.NoCompression, ("readme.txt", npy));
        Assert.Contains("readme.txt", Assert.Throws<InvalidDataException>(() => NpzFile.Read(foreign)).Message, StringComparison.Ordinal);
        var repeated = NpyFiles.Zip(folder, CompressionLevel.NoCompression, ("a.npy", npy), ("a.npy", npy));
        Assert.Contains("twice", Assert.Throws<InvalidDataException>(() => NpzFile.ReadShapes(repeated)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ArraysThatCannotBe_AreBugs()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "x.npz");
        var array = new NpyArray([1], [1f]);

        Assert.Throws<ArgumentException>(() => NpzFile.Write(path, [new("a", new NpyArray([3], [1f, 2f]))]));
        Assert.Throws<ArgumentException>(() => NpzFile.Write(path, [new("a", array), new("a", array)]));
        Assert.Throws<ArgumentException>(() => NpzFile.Write(path, [new("", array)]));
    }

    [Fact]
    public void Append_KnownText_GivesItsKnownChecksum()
    {
        // The check value of CRC-32/ISO-HDLC.
        Assert.Equal(0xCBF43926, Crc32.Append(0, "123456789"u8));
        Assert.Equal(0xCBF43926, Crc32.Append(Crc32.Append(0, "123"u8), "456789"u8));
    }

    private static void AssertDamaged(byte[] npy, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = NpyFiles.Zip(folder, CompressionLevel.NoCompression, ("some/array.npy", npy));

        foreach (var read in (Action[])[() => NpzFile.Read(path), () => NpzFile.ReadShapes(path)])
        {
            var failure = Assert.Throws<InvalidDataException>(read);
            Assert.StartsWith($"{path}, array some/array", failure.Message, StringComparison.Ordinal);
            Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        }
    }
}
