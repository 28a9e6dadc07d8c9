namespace BiT.Core.Store;

/// <summary>Finds the photos of an upload that came more than once: with the same label, or with several.</summary>
internal static class DatasetCopies
{
    /// <param name="uploaded">The good photos, in upload order.</param>
    /// <param name="kept">What <see cref="DatasetContent.Canonicalize"/> made of them.</param>
    /// <returns>A problem for every copy but the first, with the copy's place in the upload.</returns>
    public static IEnumerable<(int Position, DatasetProblem Problem)> Find(IReadOnlyList<DraftPhoto> uploaded, IReadOnlyList<Photo> kept)
    {
        var keptKeys = kept.Select(KeyOf).ToHashSet();
        var firstOfKey = new Dictionary<(string Label, string Blob), Photo>();
        var firstKeptOfBlob = new Dictionary<string, Photo>(StringComparer.Ordinal);
        foreach (var (_, photo) in uploaded)
        {
            if (keptKeys.Contains(KeyOf(photo)))
                firstKeptOfBlob.TryAdd(photo.Blob, photo);
        }
        foreach (var (position, photo) in uploaded)
        {
            var keptFirst = firstKeptOfBlob[photo.Blob];
            if (!firstOfKey.TryAdd(KeyOf(photo), photo))
                yield return (position, Duplicate(photo, firstOfKey[KeyOf(photo)]));
            else if (!keptKeys.Contains(KeyOf(photo)))
                yield return (position, LeftOut(photo, keptFirst));
            else if (keptFirst.Label != photo.Label)
                yield return (position, SeveralLabels(photo, keptFirst));
        }
    }

    private static (string Label, string Blob) KeyOf(Photo photo) => (photo.Label, photo.Blob);

    private static DatasetProblem Duplicate(Photo copy, Photo first) => new(copy.FileName, copy.Label, DatasetProblems.Duplicate,
        $"The same photo as '{first.FileName}', with the same label '{first.Label}': it counts once.", ProblemSeverity.LeftOut);

    private static DatasetProblem LeftOut(Photo copy, Photo learned) => new(copy.FileName, copy.Label, DatasetProblems.SeveralLabels,
        $"The same photo as '{learned.FileName}', which has the label '{learned.Label}' and is learned from: it cannot measure '{copy.Label}'. "
        + "Remove it from one of the classes.", ProblemSeverity.LeftOut);

    private static DatasetProblem SeveralLabels(Photo copy, Photo first) => new(copy.FileName, copy.Label, DatasetProblems.SeveralLabels,
        $"The same photo as '{first.FileName}', which has the label '{first.Label}' instead of '{copy.Label}'. Both are kept; "
        + "unless it shows both, remove it from one of the classes.", ProblemSeverity.Note);
}
