using BiT.Core.Imaging;
using BiT.Core.Store;

namespace BiT.Training.Datasets;

/// <summary>The photos of one split, decoded and resized to one square size, as RGB bytes on disk.</summary>
/// <remarks>The bytes are those that the server makes of the same photo: <see cref="SquareTransform"/> is the one path for both.</remarks>
internal sealed class PhotoPixels : IDisposable
{
    private readonly RecordFile _file;

    private PhotoPixels(RecordFile file, IReadOnlyList<int> labels, int side)
    {
        _file = file;
        Labels = labels;
        Side = side;
    }

    public int Count => _file.Count;

    /// <summary>Side of the squares, in pixels.</summary>
    public int Side { get; }

    /// <summary>Bytes of one photo: side * side * 3.</summary>
    public int PhotoBytes => _file.RecordBytes;

    /// <summary>Class index by photo.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>Prepares a split, or opens what an earlier run has prepared.</summary>
    /// <param name="workspace">Holds the photos and the cache folder.</param>
    /// <param name="dataset">The data set.</param>
    /// <param name="split">Which of its photos.</param>
    /// <param name="side">Side of the squares, in pixels.</param>
    /// <param name="threads">Photos decoded at the same time.</param>
    /// <param name="onPhoto">Called with the number of photos done, from several threads.</param>
    /// <param name="cancellation">Stops between photos.</param>
    /// <exception cref="ImageRejectedException">A stored photo cannot be decoded; the message names it.</exception>
    public static PhotoPixels Prepare(
        Workspace workspace, DatasetRecord dataset, Split split, int side, int threads, Action<int> onPhoto, CancellationToken cancellation)
    {
        var photos = dataset.Photos.Where(photo => photo.Split == split).ToArray();
        var classIndex = dataset.Labels.Select((label, index) => (label, index)).ToDictionary(entry => entry.label, entry => entry.index);
        var path = Path.Combine(workspace.CacheFolder, $"photos-{dataset.Id[..32]}-{split.ToString().ToLowerInvariant()}-{side}.rgb");
        var bytes = side * side * 3;
        var file = RecordFile.GetOrWrite(path, photos.Length, bytes, handle =>
        {
            var done = 0;
            var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
            Parallel.For(0, photos.Length, options, index =>
            {
                RandomAccess.Write(handle, Resize(workspace, photos[index], side, bytes), (long)index * bytes);
                onPhoto(Interlocked.Increment(ref done));
            });
        });
        return new PhotoPixels(file, [.. photos.Select(photo => classIndex[photo.Label])], side);
    }

    /// <summary>Reads one photo, [side, side, 3] row-major.</summary>
    public void Read(int index, Span<byte> pixels) => _file.Read(index, pixels);

    public void Dispose() => _file.Dispose();

    private static byte[] Resize(Workspace workspace, Photo photo, int side, int bytes)
    {
        var pixels = new byte[bytes];
        try
        {
            SquareTransform.Resize(workspace.Blobs.ReadAllBytes(photo.Blob), ImageLimits.OfStoredPhotos, side, side, pixels);
        }
        catch (ImageRejectedException problem)
        {
            throw new ImageRejectedException(problem.Problem, $"Photo {photo.FileName} of class {photo.Label}: {problem.Message}");
        }
        return pixels;
    }
}
