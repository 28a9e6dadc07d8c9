namespace BiT.Core.Store;

/// <summary>A data set on its way in: the files of one upload in their order, the good ones and the others. Not safe for several
/// threads.</summary>
public sealed class DatasetDraft
{
    private readonly List<DraftPhoto> _photos = [];
    private readonly List<(int Position, DatasetProblem Problem)> _leftOut = [];
    private readonly HashSet<string> _labels = new(StringComparer.Ordinal);

    /// <summary>Files so far, good and left out.</summary>
    public int FileCount => _photos.Count + _leftOut.Count;

    /// <summary>Files so far that were left out.</summary>
    public int LeftOutCount => _leftOut.Count;

    /// <summary>Labels so far, also those of which no file is good.</summary>
    public IReadOnlySet<string> Labels => _labels;

    /// <summary>Adds a good photo, whose blob is stored.</summary>
    public void Add(Photo photo)
    {
        _labels.Add(photo.Label);
        _photos.Add(new DraftPhoto(FileCount, photo));
    }

    /// <summary>Notes a file that cannot be used.</summary>
    /// <param name="label">Its class; empty if it is of none.</param>
    public void LeaveOut(string fileName, string label, string reason, string message)
    {
        if (label.Length > 0)
            _labels.Add(label);
        _leftOut.Add((FileCount, new DatasetProblem(fileName, label, reason, message, ProblemSeverity.LeftOut)));
    }

    /// <summary>What becomes of it all.</summary>
    public DatasetReview Review()
    {
        var photos = DatasetContent.Canonicalize(_photos.Select(item => item.Photo));
        var copies = DatasetCopies.Find(_photos, photos);
        var classes = DatasetClasses.Check(_labels, photos);
        return new DatasetReview
        {
            Photos = photos.Where(photo => !classes.LeftOut.Contains(photo.Label)).ToList(),
            Problems = [.. classes.Problems, .. _leftOut.Concat(copies).OrderBy(item => item.Position).Select(item => item.Problem)],
        };
    }
}

/// <summary>A photo and its place in the upload.</summary>
internal sealed record DraftPhoto(int Position, Photo Photo);

/// <summary>What can be stored of an upload, and what was found.</summary>
public sealed record DatasetReview
{
    /// <summary>The photos to store, in canonical order, every split decided.</summary>
    public required IReadOnlyList<Photo> Photos { get; init; }

    /// <summary>Those of the whole set and of classes first, then those of files in upload order.</summary>
    public required IReadOnlyList<DatasetProblem> Problems { get; init; }

    /// <summary>Whether nothing can be stored.</summary>
    public bool IsBlocked => Problems.Any(problem => problem.Severity == ProblemSeverity.Blocking);
}
