namespace BiT.Serving.Archives;

/// <summary>Why an archive is refused as a whole. Names are part of the public protocol: ErrorInfo's metadata <c>problem</c>.</summary>
internal enum ArchiveProblem
{
    /// <summary>Not a ZIP file, cut off, or with a damaged directory.</summary>
    Damaged,

    /// <summary>More entries than the limit, or a directory larger than so many entries need.</summary>
    TooManyEntries,

    /// <summary>A name that leads out of the archive or is no portable path.</summary>
    UnsafeName,

    /// <summary>The same name twice.</summary>
    DuplicateName,

    /// <summary>A link, a device or another entry that is no plain file or folder.</summary>
    NotAFile,

    /// <summary>An entry that needs a password.</summary>
    Encrypted,

    /// <summary>Entries that claim to unpack to far more than photos do, or share their bytes.</summary>
    Bomb,

    /// <summary>More bytes than a data set may have.</summary>
    TooManyBytes,

    /// <summary>The folders are not those of labelled photos.</summary>
    Layout,
}

/// <summary>An archive is refused as a whole; nothing of it is stored.</summary>
/// <param name="problem">What is wrong.</param>
/// <param name="message">What was expected, what came, where, and the cure.</param>
internal sealed class ArchiveRefusedException(ArchiveProblem problem, string message, Exception? inner = null) : Exception(message, inner)
{
    public ArchiveProblem Problem { get; } = problem;
}
