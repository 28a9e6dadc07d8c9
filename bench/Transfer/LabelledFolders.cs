using BiT.Core.Imaging;
using BiT.Core.Store;

namespace BiT.Bench.Transfer;

/// <summary>Photos in one folder per class, a training and a validation set, and samples of so many per class.</summary>
internal sealed class LabelledFolders
{
    private readonly Workspace _workspace;
    private readonly IReadOnlyList<Photo> _training;
    private readonly IReadOnlyList<Photo> _validation;

    /// <summary>Puts all photos into the store.</summary>
    /// <exception cref="ImageRejectedException">A file is no photo.</exception>
    public LabelledFolders(Workspace workspace, string trainingFolder, string validationFolder)
    {
        _workspace = workspace;
        _training = Read(trainingFolder, Split.Train);
        _validation = Read(validationFolder, Split.Validation);
    }

    /// <summary>Stores a data set of some training photos per class and all validation photos.</summary>
    /// <param name="perClass">Training photos of each class; null for all.</param>
    /// <param name="seed">Which ones.</param>
    public DatasetRecord Sample(int? perClass, int seed) => _workspace.Datasets.Save(
        $"{perClass?.ToString() ?? "all"}-{seed}",
        [
            .. _training.GroupBy(photo => photo.Label).SelectMany(label =>
            {
                var photos = label.ToArray();
                // A class of its own: adding one does not change which photos the others give.
                new Random(HashOf(seed, label.Key)).Shuffle(photos);
                return photos.Take(perClass ?? photos.Length);
            }),
            .. _validation,
        ]);

    private static int HashOf(int seed, string label) => label.Aggregate(seed + 17, (hash, letter) => unchecked((hash * 31) + letter));

    private List<Photo> Read(string folder, Split split)
    {
        var photos = new List<Photo>();
        foreach (var label in Directory.GetDirectories(folder).Order(StringComparer.Ordinal))
        {
            foreach (var file in Directory.GetFiles(label).Order(StringComparer.Ordinal))
            {
                var content = File.ReadAllBytes(file);
                var header = ImageDecoder.ReadHeader(content, new ImageLimits());
                using var stream = new MemoryStream(content);
                photos.Add(new Photo(Path.GetFileName(file), Path.GetFileName(label), split, _workspace.Blobs.Put(stream), header.Width, header.Height, content.Length));
            }
        }
        return photos;
    }
}
