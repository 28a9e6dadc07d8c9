using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

public sealed class DatasetDraftTests
{
    [Fact]
    public void Review_GoodClasses_HasNoProblems()
    {
        var draft = Draft([.. Class("rose", 5), .. Class("daisy", 5)]);

        var review = draft.Review();

        Assert.Empty(review.Problems);
        Assert.False(review.IsBlocked);
        Assert.Equal(10, review.Photos.Count);
    }

    [Fact]
    public void Review_SamePhotoTwice_LeavesTheSecondOutAndNamesTheFirst()
    {
        var copy = Photo("copy.jpg", "rose", "rose 3");

        var review = Draft([.. Class("rose", 5), .. Class("daisy", 5), copy]).Review();

        var problem = Assert.Single(review.Problems);
        Assert.Equal(("copy.jpg", "rose", "DUPLICATE", ProblemSeverity.LeftOut),
            (problem.FileName, problem.Label, problem.Reason, problem.Severity));
        Assert.Contains("'rose 3.jpg'", problem.Message, StringComparison.Ordinal);
        Assert.Equal(10, review.Photos.Count);
    }

    [Fact]
    public void Review_SamePhotoUnderTwoLabels_KeepsBothAndNamesBoth()
    {
        var review = Draft([.. Class("rose", 5), .. Class("daisy", 5), Photo("also.jpg", "daisy", "rose 3")]).Review();

        var problem = Assert.Single(review.Problems);
        Assert.Equal(("also.jpg", "daisy", "SEVERAL_LABELS", ProblemSeverity.Note),
            (problem.FileName, problem.Label, problem.Reason, problem.Severity));
        Assert.Contains("'rose 3.jpg'", problem.Message, StringComparison.Ordinal);
        Assert.Contains("'rose' instead of 'daisy'", problem.Message, StringComparison.Ordinal);
        Assert.Equal(11, review.Photos.Count);
    }

    // The copy that is left out may come before the one that is kept.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Review_LearnedPhotoAmongTheMeasured_IsLeftOutThere(bool comesFirst)
    {
        var measured = Photo("held.jpg", "daisy", "rose 3", Split.Validation);
        Photo[] others = [.. Class("rose", 5, Split.Train), .. Class("daisy", 5, Split.Train),
            Photo("r.jpg", "rose", "r", Split.Validation), Photo("d.jpg", "daisy", "d", Split.Validation)];

        var review = Draft(comesFirst ? [measured, .. others] : [.. others, measured]).Review();

        var problem = Assert.Single(review.Problems);
        Assert.Equal(("held.jpg", "SEVERAL_LABELS", ProblemSeverity.LeftOut), (problem.FileName, problem.Reason, problem.Severity));
        Assert.Contains("'rose 3.jpg'", problem.Message, StringComparison.Ordinal);
        Assert.Equal(12, review.Photos.Count);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, false)]
    public void Review_FewPhotosOfAClass_AreNoted(int count, bool isNoted)
    {
        var review = Draft([.. Class("rose", count), .. Class("daisy", 20)]).Review();

        Assert.Equal(isNoted ? ["rose FEW_PHOTOS Note"] : [], review.Problems.Select(Text));
        Assert.Equal(count + 20, review.Photos.Count);
    }

    [Fact]
    public void Review_ClassWithoutAGoodPhoto_IsLeftOutLoudly()
    {
        var draft = Draft([.. Class("rose", 5), .. Class("daisy", 5)]);
        draft.LeaveOut("t.jpg", "tulip", "NOT_AN_IMAGE", "No image.");

        var review = draft.Review();

        Assert.Equal(["tulip NO_TRAINING_PHOTOS LeftOut", "t.jpg tulip NOT_AN_IMAGE LeftOut"], review.Problems.Select(Text));
        Assert.False(review.IsBlocked);
    }

    [Fact]
    public void Review_ClassToMeasureOnly_IsLeftOutWithItsPhotos()
    {
        Photo[] photos = [.. Class("rose", 5, Split.Train), .. Class("daisy", 5, Split.Train),
            Photo("r.jpg", "rose", "r", Split.Validation), Photo("d.jpg", "daisy", "d", Split.Validation),
            Photo("t.jpg", "tulip", "t", Split.Validation)];

        var review = Draft(photos).Review();

        Assert.Equal(["tulip NO_TRAINING_PHOTOS LeftOut"], review.Problems.Select(Text));
        Assert.DoesNotContain(review.Photos, photo => photo.Label == "tulip");
        Assert.Equal(12, review.Photos.Count);
    }

    [Fact]
    public void Review_OneClassRemaining_Blocks()
    {
        var draft = Draft([.. Class("rose", 5)]);
        draft.LeaveOut("d.jpg", "daisy", "TRUNCATED", "Half.");

        var review = draft.Review();

        Assert.True(review.IsBlocked);
        Assert.Equal([" TOO_FEW_CLASSES Blocking", "daisy NO_TRAINING_PHOTOS LeftOut", "d.jpg daisy TRUNCATED LeftOut"],
            review.Problems.Select(problem => problem.FileName.Length > 0 ? Text(problem) : $"{problem.Label} {problem.Reason} {problem.Severity}"));
        Assert.Contains("of 1 ('rose')", review.Problems[0].Message, StringComparison.Ordinal);
        Assert.True(new DatasetDraft().Review().IsBlocked);
    }

    [Fact]
    public void Review_ProblemsOfFiles_ComeInUploadOrder()
    {
        var draft = new DatasetDraft();
        draft.Add(Photo("1.jpg", "rose", "a"));
        draft.LeaveOut("2.jpg", "rose", "CORRUPT", "Broken.");
        draft.Add(Photo("3.jpg", "rose", "a"));
        draft.LeaveOut("4.jpg", "", "NO_CLASS", "Beside.");
        draft.Add(Photo("5.jpg", "daisy", "a"));

        var files = draft.Review().Problems.Where(problem => problem.FileName.Length > 0);

        Assert.Equal(["2.jpg", "3.jpg", "4.jpg", "5.jpg"], files.Select(problem => problem.FileName));
        Assert.Equal((5, 2), (draft.FileCount, draft.LeftOutCount));
        Assert.Equal(["daisy", "rose"], draft.Labels.Order());
    }

    [Fact]
    public void Save_OfAReview_KeepsItAsItIs()
    {
        using var test = new TestWorkspace();
        var draft = new DatasetDraft();
        foreach (var photo in (Photo[])[.. Enumerable.Range(0, 12).Select(index => test.Photo($"r{index}", "rose")),
            .. Enumerable.Range(0, 7).Select(index => test.Photo($"d{index}", "daisy")), test.Photo("r3", "daisy")])
            draft.Add(photo);
        var review = draft.Review();

        var saved = test.Workspace.Datasets.Save("garden", review.Photos, review.Problems);

        Assert.Equal(review.Photos, saved.Photos);
        Assert.Equal(review.Problems.Count, saved.ProblemCount);
    }

    private static string Text(DatasetProblem problem) =>
        $"{(problem.FileName.Length > 0 ? problem.FileName + " " : "")}{problem.Label} {problem.Reason} {problem.Severity}";

    private static DatasetDraft Draft(IEnumerable<Photo> photos)
    {
        var draft = new DatasetDraft();
        foreach (var photo in photos)
            draft.Add(photo);
        return draft;
    }

    private static IEnumerable<Photo> Class(string label, int count, Split split = Split.Unspecified)
        => Enumerable.Range(0, count).Select(index => Photo($"{label} {index}.jpg", label, $"{label} {index}", split));

    private static Photo Photo(string fileName, string label, string content, Split split = Split.Unspecified) => new(fileName, label, split,
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(content))), 64, 48, 100);
}
