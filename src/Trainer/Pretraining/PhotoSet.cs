using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace BiT.Training.Pretraining;

/// <summary>The photos of several sources as one set, in an order that depends on their names alone: the same set in one zip file, in three, or
/// in a folder trains the same way.</summary>
internal sealed class PhotoSet : IDisposable
{
    private readonly IReadOnlyList<PhotoSource> _sources;

    private PhotoSet(IReadOnlyList<PhotoSource> sources, IReadOnlyList<string> labels, PhotoList photos, int leftOut)
    {
        _sources = sources;
        Labels = labels;
        Photos = photos;
        LeftOut = leftOut;
    }

    /// <summary>Class names by class index.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The photos of these classes, by class and name.</summary>
    public PhotoList Photos { get; }

    /// <summary>Photos of other classes.</summary>
    public int LeftOut { get; }

    /// <summary>Files that are no photos.</summary>
    public int OtherFiles => _sources.Sum(source => source.OtherFiles);

    /// <summary>Opens sources.</summary>
    /// <param name="paths">Folders and zip files.</param>
    /// <param name="labels">The classes, in order; null takes all, by name.</param>
    /// <exception cref="PhotoSetException">The photos make no set of at least two classes, or one comes twice.</exception>
    public static PhotoSet Open(IReadOnlyList<string> paths, IReadOnlyList<string>? labels)
    {
        var sources = new List<PhotoSource>();
        try
        {
            foreach (var path in paths)
                sources.Add(PhotoSource.Open(path));
            return Join(sources, string.Join(", ", paths), labels);
        }
        catch
        {
            sources.ForEach(source => source.Dispose());
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var source in _sources)
            source.Dispose();
    }

    private static PhotoSet Join(IReadOnlyList<PhotoSource> sources, string where, IReadOnlyList<string>? asked)
    {
        var found = sources.SelectMany(source => source.Photos).Select(photo => photo.Label).ToHashSet(StringComparer.Ordinal);
        CheckClasses(found, where, asked);
        var labels = asked ?? [.. found.Order(StringComparer.Ordinal)];
        var classIndex = labels.Select((label, index) => (label, index)).ToDictionary(entry => entry.label, entry => entry.index, StringComparer.Ordinal);
        var photos = sources
            .SelectMany(source => source.Photos.Select((photo, index) => (Source: source, Index: index, Photo: photo)))
            .Where(entry => classIndex.ContainsKey(entry.Photo.Label))
            .Select(entry => new LabelledPhoto(entry.Source, entry.Index, classIndex[entry.Photo.Label]))
            .OrderBy(photo => photo.Label).ThenBy(photo => photo.Name, StringComparer.Ordinal)
            .ToArray();
        CheckUnique(photos);
        return new PhotoSet(sources, labels, new PhotoList(photos), sources.Sum(source => source.Photos.Count) - photos.Length);
    }

    private static void CheckClasses(HashSet<string> found, string where, IReadOnlyList<string>? asked)
    {
        if (found.Count == 0)
            throw new PhotoSetException($"{where} holds no photos. Expected a folder per class, with JPEG, PNG, WebP, GIF or BMP files in it.");
        if (asked is null && found.SetEquals(["train", "val"]))
            throw new PhotoSetException($"{where} holds the folders train and val, not classes. "
                + (File.Exists(where) ? "Unpack it, and name its folder train as data and val for validation." : $"Name {where}/train as data and {where}/val for validation."));
        if (asked is null && found.Count < 2)
        {
            throw new PhotoSetException($"{where} holds photos of one class only, '{found.Single()}'; expected at least 2. "
                + "If the class folders lie within that folder, name it instead (of a zip file: pack its content).");
        }
        var missing = (asked ?? []).Where(label => !found.Contains(label)).ToArray();
        if (missing.Length > 0)
        {
            throw new PhotoSetException($"{where} holds no photos of {missing.Length} of the {asked?.Count} classes asked for: {string.Join(", ", missing.Take(5))}"
                + $"{(missing.Length > 5 ? ", ..." : "")}. Correct the list of classes, or add photos.");
        }
    }

    // A photo that counts twice would be learnt from and evaluated on at once.
    private static void CheckUnique(LabelledPhoto[] photos)
    {
        for (var index = 1; index < photos.Length; index++)
        {
            if (photos[index].FullName == photos[index - 1].FullName)
                throw new PhotoSetException($"Photo {photos[index].FullName} comes twice. Leave out one of its sources, or rename the photo.");
        }
    }
}

/// <summary>A photo of a set.</summary>
/// <param name="Source">Where it lies.</param>
/// <param name="Index">Position there.</param>
/// <param name="Label">Class index.</param>
internal readonly record struct LabelledPhoto(PhotoSource Source, int Index, int Label)
{
    public string Name => Source.Photos[Index].Name;

    /// <summary>Class folder and name.</summary>
    public string FullName => $"{Source.Photos[Index].Label}/{Name}";

    public long Bytes => Source.Photos[Index].Bytes;
}

/// <summary>Photos of a set in a fixed order.</summary>
internal sealed class PhotoList(IReadOnlyList<LabelledPhoto> photos)
{
    public int Count => photos.Count;

    public LabelledPhoto this[int index] => photos[index];

    /// <summary>sha256 over names and sizes in order, hexadecimal: what a run was planned for.</summary>
    /// <remarks>Not over the content, which would have to be read at every start.</remarks>
    public string Id { get; } = Hash(photos);

    /// <summary>Divides the photos by a hash of their names: whoever else is in the set, a photo stays on its side.</summary>
    /// <param name="fraction">Expected share of the held-back photos, 0 to 1.</param>
    public (PhotoList Training, PhotoList HeldBack) Split(double fraction)
    {
        var sides = photos.ToLookup(photo => Position(photo.FullName) < fraction);
        return (new PhotoList([.. sides[false]]), new PhotoList([.. sides[true]]));
    }

    // Uniform in [0, 1), 53 bits of sha256.
    private static double Position(string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), hash);
        return (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * (1.0 / (1UL << 53));
    }

    private static string Hash(IReadOnlyList<LabelledPhoto> photos)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var photo in photos)
            hash.AppendData(Encoding.UTF8.GetBytes($"{photo.FullName}\0{photo.Bytes}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
