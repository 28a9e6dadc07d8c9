namespace BiT.Core.Store;

/// <summary>What a problem means for an upload. Names and numbers as in datasets.proto.</summary>
public enum ProblemSeverity
{
    /// <summary>Worth knowing; nothing was left out.</summary>
    Note = 1,

    /// <summary>The file, or the class, was left out; the rest is kept.</summary>
    LeftOut = 2,

    /// <summary>There is no data set because of it.</summary>
    Blocking = 3,
}

/// <summary>Something that is wrong with a file, a class or the whole of an upload.</summary>
/// <param name="FileName">The file; empty if the problem is a class's or the whole set's.</param>
/// <param name="Label">The class; empty if the problem is the whole set's.</param>
/// <param name="Reason">Stable code in UPPER_SNAKE_CASE: one of <see cref="DatasetProblems"/>, or an image's
/// (<see cref="Imaging.ImageProblems"/>).</param>
/// <param name="Message">What was expected, what came and the cure.</param>
/// <param name="Severity">What it means for the upload.</param>
public sealed record DatasetProblem(string FileName, string Label, string Reason, string Message, ProblemSeverity Severity);

/// <summary>Reasons of <see cref="DatasetProblem"/> that are not an image's own. Part of the public protocol: they never change.</summary>
public static class DatasetProblems
{
    /// <summary>The bytes that came are not as many as were announced.</summary>
    public const string ByteCountMismatch = "BYTE_COUNT_MISMATCH";

    /// <summary>The bytes that came do not have the checksum that goes with them.</summary>
    public const string ChecksumMismatch = "CHECKSUM_MISMATCH";

    /// <summary>An entry of an archive cannot be unpacked.</summary>
    public const string EntryDamaged = "ENTRY_DAMAGED";

    /// <summary>A file's name is longer than the limit.</summary>
    public const string NameTooLong = "NAME_TOO_LONG";

    /// <summary>A file of an archive lies in no class folder.</summary>
    public const string NoClass = "NO_CLASS";

    /// <summary>The same photo came before, with the same label.</summary>
    public const string Duplicate = "DUPLICATE";

    /// <summary>The same photo has other labels too.</summary>
    public const string SeveralLabels = "SEVERAL_LABELS";

    /// <summary>A class has too few photos to be learned well or to be measured.</summary>
    public const string FewPhotos = "FEW_PHOTOS";

    /// <summary>A class has no good photo to learn from.</summary>
    public const string NoTrainingPhotos = "NO_TRAINING_PHOTOS";

    /// <summary>Fewer than two classes remain.</summary>
    public const string TooFewClasses = "TOO_FEW_CLASSES";
}
