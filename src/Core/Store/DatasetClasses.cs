namespace BiT.Core.Store;

/// <summary>Whether the classes of an upload can be learned.</summary>
internal static class DatasetClasses
{
    // What the service's own split makes of five photos.
    private const int FewTrainingPhotos = 4;
    private const int LeastClasses = 2;

    /// <param name="labels">All labels of the upload, also those without a good photo.</param>
    /// <param name="photos">The photos with their splits decided.</param>
    /// <returns>The problems, the whole set's first, then by label; and the classes that cannot be kept.</returns>
    public static (IReadOnlyList<DatasetProblem> Problems, IReadOnlySet<string> LeftOut) Check(
        IReadOnlySet<string> labels, IReadOnlyList<Photo> photos)
    {
        var learned = CountByLabel(photos, Split.Train);
        var measured = CountByLabel(photos, Split.Validation);
        var problems = new List<DatasetProblem>();
        var leftOut = labels.Where(label => !learned.ContainsKey(label)).ToHashSet(StringComparer.Ordinal);
        if (learned.Count < LeastClasses)
            problems.Add(TooFewClasses(learned.Keys));
        foreach (var label in labels.Order(StringComparer.Ordinal))
        {
            var (trainCount, validationCount) = (learned.GetValueOrDefault(label), measured.GetValueOrDefault(label));
            if (trainCount == 0)
                problems.Add(NoTrainingPhotos(label, validationCount));
            else if (trainCount < FewTrainingPhotos || validationCount == 0)
                problems.Add(FewPhotos(label, trainCount, validationCount));
        }
        return (problems, leftOut);
    }

    private static Dictionary<string, int> CountByLabel(IEnumerable<Photo> photos, Split split) => photos
        .Where(photo => photo.Split == split)
        .GroupBy(photo => photo.Label, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);

    private static DatasetProblem TooFewClasses(IReadOnlyCollection<string> labels) => new("", "", DatasetProblems.TooFewClasses,
        $"A data set needs good photos to learn from of at least two classes; these are of {labels.Count}"
        + (labels.Count == 1 ? $" ('{labels.First()}')." : ".") + " Add photos with another label.",
        ProblemSeverity.Blocking);

    private static DatasetProblem NoTrainingPhotos(string label, int validationCount) => new("", label, DatasetProblems.NoTrainingPhotos,
        $"Class '{label}' has no good photo to learn from"
        + (validationCount > 0 ? $", only {validationCount} to measure on" : "")
        + ", so the whole class is left out. Add good photos of it, or remove it.",
        ProblemSeverity.LeftOut);

    private static DatasetProblem FewPhotos(string label, int trainCount, int validationCount) => new("", label, DatasetProblems.FewPhotos,
        $"Class '{label}' has {trainCount} photo(s) to learn from and {validationCount} to measure on; expected at least "
        + $"{FewTrainingPhotos} and 1. Below that, what is learned and measured is mostly chance: add photos.",
        ProblemSeverity.Note);
}
