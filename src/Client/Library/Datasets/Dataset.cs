namespace BiT.Client;

/// <summary>The part of a data set that a photo belongs to.</summary>
public enum Split
{
    /// <summary>The service decides: one fifth of each class becomes validation data.</summary>
    Unspecified = 0,
    /// <summary>Learned from.</summary>
    Train = 1,
    /// <summary>Only measured on.</summary>
    Validation = 2,
}

/// <summary>An immutable set of labelled photos.</summary>
public sealed record Dataset
{
    /// <summary><c>datasets/{dataset}</c>; the id is a hash of the content.</summary>
    public required string Name { get; init; }

    /// <summary>A name for people.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>When it was first stored.</summary>
    public DateTimeOffset? CreateTime { get; init; }

    /// <summary>Classes in label order.</summary>
    public IReadOnlyList<DatasetClass> Classes { get; init; } = [];

    /// <summary>Photos learned from.</summary>
    public int TrainPhotoCount { get; init; }

    /// <summary>Photos measured on.</summary>
    public int ValidationPhotoCount { get; init; }

    /// <summary>Encoded size of all photos.</summary>
    public long ByteCount { get; init; }

    /// <summary>Median area of the training photos, in pixels.</summary>
    public long MedianArea { get; init; }
}

/// <summary>One class of a data set.</summary>
public sealed record DatasetClass(string Label, int TrainPhotoCount, int ValidationPhotoCount);

/// <summary>A file that the service left out of a data set, and why.</summary>
/// <param name="FileName">The file, as it was announced.</param>
/// <param name="Label">Its class.</param>
/// <param name="Reason">Stable code, for example NOT_AN_IMAGE.</param>
/// <param name="Message">What was expected, what came and the cure.</param>
public sealed record RejectedPhoto(string FileName, string Label, string Reason, string Message);

/// <summary>The stored data set and what was left out of it.</summary>
public sealed record UploadResult(Dataset Dataset, IReadOnlyList<RejectedPhoto> Rejected);

/// <summary>How far an upload has come.</summary>
/// <param name="PhotosSent">Photos sent completely.</param>
/// <param name="PhotoCount">Photos in all.</param>
/// <param name="BytesSent">Photo bytes sent.</param>
/// <param name="ByteCount">Photo bytes in all.</param>
public sealed record UploadProgress(int PhotosSent, int PhotoCount, long BytesSent, long ByteCount);
