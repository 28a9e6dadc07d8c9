using BiT.Training.Checkpoints;

namespace BiT.Tests.Unit.Checkpoints;

public sealed class TensorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Sample()
    {
        var path = Path.Combine(_folder.Path, "state.safetensors");
        TensorFile.Write(path, new Dictionary<string, string> { ["state"] = "{\"step\":3}" },
            [KeyValuePair.Create("a", new[] { 1f, 2f, float.NaN }), KeyValuePair.Create("empty", Array.Empty<float>()), KeyValuePair.Create("b/c", new[] { -0f })]);
        return path;
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSameToTheBit()
    {
        var content = TensorFile.Read(Sample());

        Assert.Equal("{\"step\":3}", content.Texts["state"]);
        Assert.Equal([1f, 2f, float.NaN], content.Arrays["a"]);
        Assert.Empty(content.Arrays["empty"]);
        Assert.Equal(BitConverter.SingleToInt32Bits(-0f), BitConverter.SingleToInt32Bits(content.Arrays["b/c"][0]));
    }

    [Fact]
    public void Read_CutAtAnyLength_IsRefused()
    {
        var path = Sample();
        var whole = File.ReadAllBytes(path);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<InvalidDataException>(() => TensorFile.Read(path));
        }
    }

    [Fact]
    public void Read_AnyChangedDataByte_IsRefused()
    {
        var path = Sample();
        var whole = File.ReadAllBytes(path);
        for (var position = whole.Length - 16; position < whole.Length; position++)
        {
            var changed = whole.ToArray();
            changed[position] ^= 1;
            File.WriteAllBytes(path, changed);
            Assert.Throws<InvalidDataException>(() => TensorFile.Read(path));
        }
    }

    [Fact]
    public void Write_OverAFileThatCannotBeReplaced_LeavesItAndNothingElse()
    {
        var path = Path.Combine(_folder.Path, "folder");
        Directory.CreateDirectory(path);

        Assert.ThrowsAny<Exception>(() => TensorFile.Write(path, new Dictionary<string, string>(), []));

        Assert.Equal([path], Directory.EnumerateFileSystemEntries(_folder.Path));
    }
}
