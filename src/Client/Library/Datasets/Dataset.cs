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

    /// <summary>How many problems its newest upload had.</summary>
    public int ProblemCount { get; init; }
}

/// <summary>One class of a data set.</summary>
public sealed record DatasetClass(string Label, int TrainPhotoCount, int ValidationPhotoCount);

/// <summary>What a problem means for an upload.</summary>
public enum ProblemSeverity
{
    /// <summary>The service is newer than this library and knows more.</summary>
    Unknown = 0,
    /// <summary>Worth knowing; nothing was left out.</summary>
    Note = 1,
    /// <summary>The file, or the class, was left out; the rest is kept.</summary>
    LeftOut = 2,
    /// <summary>The upload was refused because of it.</summary>
    Blocking = 3,
}

/// <summary>Something that is wrong with a file or a class of an upload.</summary>
/// <param name="FileName">The file, as it was announced; empty if the problem is a class's or the whole set's.</param>
/// <param name="Label">The class; empty if the problem is the whole set's.</param>
/// <param name="Reason">Stable code, for example NOT_AN_IMAGE.</param>
/// <param name="Message">What was expected, what came and the cure.</param>
/// <param name="Severity">What it means.</param>
public sealed record DatasetProblem(string FileName, string Label, string Reason, string Message, ProblemSeverity Severity);

/// <summary>The stored data set and what was found on the way.</summary>
/// <param name="Dataset">The data set.</param>
/// <param name="Problems">The first problems, at most 1000: the set's and its classes', then the files' in the order sent.
/// <see cref="BitClient.ListDatasetProblemsAsync"/> has all of them.</param>
/// <param name="ProblemCount">How many there are.</param>
public sealed record UploadResult(Dataset Dataset, IReadOnlyList<DatasetProblem> Problems, int ProblemCount);

/// <summary>How far an upload has come. When all bytes are sent, the service may still be checking photos.</summary>
/// <param name="PhotosSent">Photos sent completely; 0 for an archive.</param>
/// <param name="PhotoCount">Photos in all; 0 for an archive, whose photos the service counts.</param>
/// <param name="BytesSent">Bytes sent.</param>
/// <param name="ByteCount">Bytes in all; 0 if that is not known.</param>
public sealed record UploadProgress(int PhotosSent, int PhotoCount, long BytesSent, long ByteCount);
