using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

public sealed class DatasetReportTests
{
    [Fact]
    public void ListProblems_InPages_GivesEachOnceInOrder()
    {
        using var test = new TestWorkspace();
        var problems = Enumerable.Range(0, 7).Select(Problem).ToList();
        var saved = Save(test, problems);

        var found = new List<DatasetProblem>();
        string? token = null;
        do
        {
            var page = test.Workspace.Datasets.ListProblems(saved.Id, 3, token);
            Assert.NotNull(page);
            Assert.InRange(page.Items.Count, 1, 3);
            found.AddRange(page.Items);
            token = page.NextPageToken;
        }
        while (token is not null);

        Assert.Equal(problems, found);
        Assert.Equal(7, saved.ProblemCount);
        Assert.Equal(7, test.Workspace.Datasets.Find(saved.Id)?.ProblemCount);
        Assert.Equal(7, Assert.Single(test.Workspace.Datasets.List(0, null).Items, item => item.Id == saved.Id).ProblemCount);
    }

    [Fact]
    public void Save_Again_ReplacesTheReport()
    {
        using var test = new TestWorkspace();
        var first = Save(test, [Problem(1), Problem(2), Problem(3)]);

        Assert.Equal(3, Save(test, null).ProblemCount);
        Assert.Equal(1, Save(test, [Problem(9)]).ProblemCount);
        Assert.Equal([Problem(9)], test.Workspace.Datasets.ListProblems(first.Id, 0, null)?.Items);
        Assert.Equal(0, Save(test, []).ProblemCount);
    }

    [Fact]
    public void ListProblems_TokenOfAnotherSet_IsRefused()
    {
        using var test = new TestWorkspace();
        var first = Save(test, [Problem(1), Problem(2)]);
        var second = Save(test, [Problem(1), Problem(2)], "x");
        var token = test.Workspace.Datasets.ListProblems(first.Id, 1, null)?.NextPageToken;

        Assert.Throws<InvalidPageTokenException>(() => test.Workspace.Datasets.ListProblems(second.Id, 1, token));
        Assert.Null(test.Workspace.Datasets.ListProblems(new string('0', 64), 0, null));
    }

    [Fact]
    public void Delete_TakesThePhotosAndTheReportButNoBlobAndNoOtherSet()
    {
        using var test = new TestWorkspace();
        var doomed = Save(test, [Problem(1)]);
        var other = Save(test, [Problem(2)], "x");

        Assert.True(test.Workspace.Datasets.Delete(doomed.Id));

        Assert.Null(test.Workspace.Datasets.Find(doomed.Id));
        Assert.False(test.Workspace.Datasets.Delete(doomed.Id));
        Assert.Equal(other.Photos, test.Workspace.Datasets.Find(other.Id)?.Photos);
        Assert.All(doomed.Photos, photo => Assert.True(test.Workspace.Blobs.Contains(photo.Blob)));
        using var connection = test.OpenDatabase();
        Assert.Equal(1, connection.QueryNumber("SELECT count(*) FROM dataset_problems"));
        Assert.Equal(other.Photos.Count, connection.QueryNumber("SELECT count(*) FROM photos"));
        Assert.Equal(doomed.Id, Save(test, []).Id);
    }

    [Fact]
    public void Delete_WhileAJobIsNotDone_IsRefused()
    {
        using var test = new TestWorkspace();
        var saved = Save(test, []);
        var job = test.Jobs.Submit(TestWorkspace.Spec() with { DatasetId = saved.Id }, null);
        test.Submit();

        foreach (var state in (int[])[1, 2, 3, 4, 99])
        {
            SetState(state);
            var failure = Assert.Throws<DatasetInUseException>(() => test.Workspace.Datasets.Delete(saved.Id));
            Assert.Equal((job.Id, 1), (failure.JobId, failure.JobCount));
        }
        SetState((int)JobState.Cancelled);
        Assert.True(test.Workspace.Datasets.Delete(saved.Id));

        void SetState(int state)
        {
            using var connection = test.OpenDatabase();
            connection.Execute("UPDATE jobs SET state = $state WHERE id = $id", ("$state", (long)state), ("$id", job.Id));
        }
    }

    private static DatasetRecord Save(TestWorkspace test, IReadOnlyList<DatasetProblem>? problems, string mark = "")
        => test.Workspace.Datasets.Save("garden", [test.Photo("a" + mark, "rose"), test.Photo("b" + mark, "daisy")], problems);

    private static DatasetProblem Problem(int index)
        => new($"{index}.jpg", "rose", "CORRUPT", $"Broken {index}.", (ProblemSeverity)(1 + index % 2));
}
