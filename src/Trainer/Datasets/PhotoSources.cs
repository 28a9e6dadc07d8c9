using BiT.Core.Store;

namespace BiT.Training.Datasets;

/// <summary>Records of one size, read in any order.</summary>
internal interface IRecords
{
    int Count { get; }

    /// <summary>Bytes of a record.</summary>
    int RecordBytes { get; }

    void Read(int index, Span<byte> record);
}

/// <summary>Photos of one square size as RGB bytes.</summary>
internal interface IPhotoSource
{
    int Count { get; }

    /// <summary>Side of the squares, in pixels.</summary>
    int Side { get; }

    /// <summary>Bytes of one photo: side * side * 3.</summary>
    int PhotoBytes { get; }

    /// <summary>Class index by photo.</summary>
    IReadOnlyList<int> Labels { get; }

    /// <summary>Reads one photo, [side, side, 3] row-major.</summary>
    void Read(int index, Span<byte> pixels);
}

/// <summary>The photos that <see cref="PhotoPixels"/> prepares, in the same order and with the same bytes, but each made when it is asked for:
/// whoever needs a few does not wait for all.</summary>
internal sealed class PhotosOnDemand : IPhotoSource
{
    private readonly Workspace _workspace;
    private readonly Photo[] _photos;

    public PhotosOnDemand(Workspace workspace, DatasetRecord dataset, Split split, int side)
    {
        _workspace = workspace;
        _photos = PhotoPixels.Select(dataset, split);
        Labels = PhotoPixels.ClassIndices(dataset, _photos);
        Side = side;
    }

    public int Count => _photos.Length;

    public int Side { get; }

    public int PhotoBytes => Side * Side * 3;

    public IReadOnlyList<int> Labels { get; }

    public void Read(int index, Span<byte> pixels) => PhotoPixels.Resize(_workspace, _photos[index], Side, pixels);
}

/// <summary>The number of each photo as its only feature: through the stream that trains heads it tells which photos come when.</summary>
internal sealed class PhotoNumbers(int count) : IRecords
{
    // A float holds every whole number up to this one.
    private const int Most = 1 << 24;

    public int Count { get; } = count <= Most ? count : throw new ArgumentOutOfRangeException(nameof(count), count, $"Expected at most {Most} photos.");

    public int RecordBytes => sizeof(float);

    public void Read(int index, Span<byte> record) => BitConverter.TryWriteBytes(record, (float)index);
}
