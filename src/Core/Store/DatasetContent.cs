using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BiT.Core.Store;

/// <summary>The canonical form of a data set's photos: duplicates removed, every split decided, sorted, hashed.</summary>
/// <remarks>
/// Rules, in this order:
/// <list type="number">
/// <item>If any photo is marked Validation, the set counts as already split and Unspecified means Train.</item>
/// <item>The same blob with the same label is kept once, under the first file name; Train wins over Validation, and a given split
/// over Unspecified.</item>
/// <item>The same blob with several labels is kept under each of them, but never in both parts: if any copy is Train, the Validation
/// copies are left out, for a photo that was learned from measures nothing.</item>
/// <item>Otherwise one fifth of each class's Unspecified photos becomes Validation: the first by blob hash, so that the same photos
/// give the same split anywhere. Rounded half up; none of fewer than 5 photos. Blobs with several labels stay in Train.</item>
/// </list>
/// </remarks>
internal static class DatasetContent
{
    private const int ValidationShare = 5;

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Applies the rules above.</summary>
    /// <returns>Photos in canonical order: split (Train first), label, blob; ordinal.</returns>
    public static List<Photo> Canonicalize(IEnumerable<Photo> photos)
    {
        var given = photos.ToList();
        var isSplit = given.Any(photo => photo.Split == Split.Validation);
        var distinct = given
            .GroupBy(photo => (photo.Label, photo.Blob))
            .Select(copies => copies.First() with { Split = Strongest(copies, isSplit) })
            .ToList();
        var shared = distinct.GroupBy(photo => photo.Blob).Where(copies => copies.Count() > 1).Select(copies => copies.Key).ToHashSet();
        var decided = isSplit
            ? WithoutLearned(distinct, shared)
            : distinct.GroupBy(photo => photo.Label).SelectMany(photos => Divide(photos, shared));
        return decided
            .OrderBy(photo => photo.Split)
            .ThenBy(photo => photo.Label, StringComparer.Ordinal)
            .ThenBy(photo => photo.Blob, StringComparer.Ordinal)
            .ToList();
    }

    /// <summary>The id of canonical photos: sha256, hexadecimal, over one line of JSON per photo, each ended by a line feed:
    /// <c>{"split":"train","label":"rose","blob":"..."}</c>, UTF-8.</summary>
    public static string Id(IReadOnlyList<Photo> canonical)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var line = new MemoryStream();
        using var json = new Utf8JsonWriter(line, JsonOptions);
        foreach (var photo in canonical)
        {
            json.WriteStartObject();
            json.WriteString("split", photo.Split == Split.Train ? "train" : "validation");
            json.WriteString("label", photo.Label);
            json.WriteString("blob", photo.Blob);
            json.WriteEndObject();
            json.Flush();
            line.WriteByte((byte)'\n');
            hash.AppendData(line.GetBuffer(), 0, (int)line.Length);
            line.SetLength(0);
            json.Reset();
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static Split Strongest(IEnumerable<Photo> copies, bool isSplit)
    {
        var splits = copies.Select(copy => copy.Split == Split.Unspecified && isSplit ? Split.Train : copy.Split).ToHashSet();
        return splits.Contains(Split.Train) ? Split.Train : splits.Contains(Split.Validation) ? Split.Validation : Split.Unspecified;
    }

    private static IEnumerable<Photo> WithoutLearned(List<Photo> photos, HashSet<string> shared)
    {
        var learned = photos.Where(photo => photo.Split == Split.Train && shared.Contains(photo.Blob))
            .Select(photo => photo.Blob).ToHashSet();
        return photos.Where(photo => photo.Split == Split.Train || !learned.Contains(photo.Blob));
    }

    private static IEnumerable<Photo> Divide(IEnumerable<Photo> photosOfClass, HashSet<string> shared)
    {
        var photos = photosOfClass.ToList();
        var open = photos.Where(photo => photo.Split == Split.Unspecified).ToList();
        var count = open.Count < ValidationShare ? 0 : (open.Count + ValidationShare / 2) / ValidationShare;
        var validation = open
            .Where(photo => !shared.Contains(photo.Blob))
            .OrderBy(photo => photo.Blob, StringComparer.Ordinal)
            .Take(count)
            .Select(photo => photo.Blob)
            .ToHashSet();
        return photos.Select(photo => photo with { Split = validation.Contains(photo.Blob) ? Split.Validation : Split.Train });
    }
}
