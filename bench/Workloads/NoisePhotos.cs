using BiT.Training.Datasets;

namespace BiT.Bench.Workloads;

/// <summary>Photos of noise, in a file as resized photos are.</summary>
internal sealed class NoisePhotos : IPhotoSource, IDisposable
{
    private readonly RecordFile _file;

    public NoisePhotos(string path, int count, int side)
    {
        var bytes = side * side * 3;
        _file = RecordFile.GetOrWrite(path, count, bytes, handle =>
        {
            for (var index = 0; index < count; index++)
                RandomAccess.Write(handle, Noise.Bytes(bytes, seed: index), (long)index * bytes);
        });
        (Side, Labels) = (side, [.. Enumerable.Range(0, count).Select(index => index % Workload.ClassCount)]);
    }

    public int Count => _file.Count;

    public int Side { get; }

    public int PhotoBytes => _file.RecordBytes;

    public IReadOnlyList<int> Labels { get; }

    public void Read(int index, Span<byte> pixels) => _file.Read(index, pixels);

    public void Dispose() => _file.Dispose();
}
