using System.Security.Cryptography;
using BiT.Client;

namespace BiT.CommandLine.Demo;

/// <summary>Keeps photos away from training, so that predictions on them mean something.</summary>
internal static class HeldOut
{
    /// <summary>Marks one fifth of each class, chosen by content, as validation photos. A given split stays as it is.</summary>
    /// <remarks>
    /// By content: the choice does not depend on names or order, and copies of a photo end up on the same side. At least one photo of
    /// a class with two different ones is held out, and at least one stays to learn from.
    /// </remarks>
    public static IReadOnlyList<PhotoFile> Split(PhotoFolder folder, CancellationToken cancellationToken)
    {
        if (folder.IsSplit)
            return folder.Photos;
        var photos = new List<PhotoFile>(folder.Photos.Count);
        foreach (var photosOfClass in folder.Photos.GroupBy(photo => photo.Label, StringComparer.Ordinal))
        {
            var byContent = photosOfClass.GroupBy(photo => HashOf(photo.Path, cancellationToken), StringComparer.Ordinal)
                .OrderBy(same => same.Key, StringComparer.Ordinal).ToList();
            var heldOut = byContent.Count < 2 ? 0 : Math.Max(1, byContent.Count / 5);
            photos.AddRange(byContent.SelectMany((same, index) => same.Select(photo => photo with
            {
                Split = index < heldOut ? Client.Split.Validation : Client.Split.Train,
            })));
        }
        return photos;
    }

    /// <summary>A few validation photos, as evenly from all classes as possible; the choice depends on the seed only.</summary>
    public static IReadOnlyList<PhotoFile> Choose(IReadOnlyList<PhotoFile> photos, int count, ulong seed)
    {
        var random = new Randomness(seed);
        var classes = photos.Where(photo => photo.Split == Client.Split.Validation)
            .GroupBy(photo => photo.Label, StringComparer.Ordinal)
            .OrderBy(photosOfClass => photosOfClass.Key, StringComparer.Ordinal)
            .Select(photosOfClass => new Queue<PhotoFile>(random.Shuffle([.. photosOfClass])))
            .ToList();
        var chosen = new List<PhotoFile>();
        while (chosen.Count < count && classes.Any(rest => rest.Count > 0))
            foreach (var rest in classes.Where(rest => rest.Count > 0))
                if (chosen.Count < count)
                    chosen.Add(rest.Dequeue());
        return [.. chosen.OrderBy(photo => photo.Label, StringComparer.Ordinal).ThenBy(photo => photo.FileName, StringComparer.Ordinal)];
    }

    private static string HashOf(string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var file = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(file));
    }
}
