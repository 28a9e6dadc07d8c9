namespace BiT.Core.Store;

/// <summary>The part of a data set that a photo belongs to. Names and order as in datasets.proto.</summary>
public enum Split
{
    Unspecified = 0,
    Train = 1,
    Validation = 2,
}

/// <summary>A photo of a data set.</summary>
/// <param name="FileName">Name for reports; not unique.</param>
/// <param name="Label">Class name.</param>
/// <param name="Split">Train or Validation; never Unspecified in a stored data set.</param>
/// <param name="Blob">sha256 of the encoded bytes, hexadecimal.</param>
/// <param name="Width">Pixels, after EXIF orientation.</param>
/// <param name="Height">Pixels, after EXIF orientation.</param>
/// <param name="ByteCount">Encoded size.</param>
public sealed record Photo(string FileName, string Label, Split Split, string Blob, int Width, int Height, long ByteCount);

/// <summary>An immutable set of labelled photos. <paramref name="Id"/> is the sha256 of its content.</summary>
/// <param name="Id">sha256 over labels, splits and blobs, in canonical order; hexadecimal.</param>
/// <param name="DisplayName">For people; not part of the hash.</param>
/// <param name="CreateTime">When it was first stored.</param>
/// <param name="Labels">Class names in ordinal order; the index is the class index.</param>
/// <param name="Photos">All photos in canonical order (split, label, blob).</param>
public sealed record DatasetRecord(
    string Id, string DisplayName, DateTimeOffset CreateTime, IReadOnlyList<string> Labels, IReadOnlyList<Photo> Photos)
{
    /// <summary>How many problems its newest upload had; see <see cref="DatasetStore.ListProblems"/>.</summary>
    public int ProblemCount { get; init; }

    /// <summary>Median of width times height over the training photos, in pixels (lower median).</summary>
    public long MedianTrainArea
    {
        get
        {
            var areas = Photos.Where(photo => photo.Split == Split.Train).Select(photo => (long)photo.Width * photo.Height).Order().ToArray();
            return areas.Length == 0 ? 0 : areas[(areas.Length - 1) / 2];
        }
    }

    /// <summary>The set without its photos.</summary>
    public DatasetSummary Summarize()
    {
        var photos = Photos.ToLookup(photo => photo.Label, StringComparer.Ordinal);
        return new DatasetSummary
        {
            Id = Id,
            DisplayName = DisplayName,
            CreateTime = CreateTime,
            Classes = Labels.Select(label => new DatasetClassSummary(
                label,
                photos[label].Count(photo => photo.Split == Split.Train),
                photos[label].Count(photo => photo.Split == Split.Validation))).ToList(),
            ByteCount = Photos.Sum(photo => photo.ByteCount),
            MedianTrainArea = MedianTrainArea,
            ProblemCount = ProblemCount,
        };
    }
}

/// <summary>What a listing tells about a data set: counts instead of photos.</summary>
public sealed record DatasetSummary
{
    /// <summary>sha256 of the content, hexadecimal.</summary>
    public required string Id { get; init; }

    /// <summary>For people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>When it was first stored.</summary>
    public required DateTimeOffset CreateTime { get; init; }

    /// <summary>Classes in ordinal order of their labels.</summary>
    public required IReadOnlyList<DatasetClassSummary> Classes { get; init; }

    /// <summary>Encoded size of all photos.</summary>
    public required long ByteCount { get; init; }

    /// <summary>Median of width times height over the training photos, in pixels (lower median).</summary>
    public required long MedianTrainArea { get; init; }

    /// <summary>How many problems its newest upload had; see <see cref="DatasetStore.ListProblems"/>.</summary>
    public required int ProblemCount { get; init; }

    /// <summary>Photos to learn from.</summary>
    public int TrainPhotoCount => Classes.Sum(item => item.TrainPhotoCount);

    /// <summary>Photos that are only measured on.</summary>
    public int ValidationPhotoCount => Classes.Sum(item => item.ValidationPhotoCount);
}

/// <summary>How many photos of a class a data set has.</summary>
/// <param name="Label">Class name.</param>
/// <param name="TrainPhotoCount">Photos to learn from.</param>
/// <param name="ValidationPhotoCount">Photos that are only measured on.</param>
public sealed record DatasetClassSummary(string Label, int TrainPhotoCount, int ValidationPhotoCount);
