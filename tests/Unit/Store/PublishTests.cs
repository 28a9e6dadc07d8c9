using BiT.Core.Store;

namespace BiT.Tests.Unit.Store;

/// <summary>Publishing: the version and the end of the job appear together, once.</summary>
public sealed class PublishTests
{
    [Fact]
    public void Publish_Current_AddsTheVersionAndEndsTheJob()
    {
        using var test = new TestWorkspace();
        using var server = test.OpenAgain();
        test.Workspace.Models.Import("flowers", test.Manifest("imported"));
        var job = test.Submit();

        var version = test.Jobs.Publish(test.Lease(), test.Manifest());

        Assert.Equal(new ModelVersionId("flowers", 2), version.Id);
        Assert.Equal((job.Id, job.Spec.DatasetId), (version.Manifest.JobId, version.Manifest.DatasetId));
        var done = server.Jobs.Find(job.Id);
        Assert.Equal((JobState.Succeeded, version.Id), (done?.State, done?.Result));
        Assert.Equal(
            StoreJson.Write(version.Manifest),
            server.Models.Find("flowers")?.LatestVersion is { } latest ? StoreJson.Write(latest.Manifest) : null);
        Assert.Equal([JobState.Queued, JobState.Running, JobState.Succeeded], test.States(job.Id));
    }

    [Fact]
    public void Publish_Twice_IsTheSameVersion()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();

        var first = test.Jobs.Publish(lease, test.Manifest());
        var events = test.Jobs.ReadEvents(job.Id, 0, 100).Count;
        var second = test.Jobs.Publish(lease, test.Manifest());

        Assert.Equal(first.Id, second.Id);
        Assert.Single(test.Workspace.Models.ListVersions("flowers", 0, null).Items);
        Assert.Equal(events, test.Jobs.ReadEvents(job.Id, 0, 100).Count);
    }

    [Fact]
    public async Task Publish_ManyThreadsOneLease_IsOneVersion()
    {
        using var test = new TestWorkspace();
        using var other = test.OpenAgain();
        test.Submit();
        var (lease, manifest) = (test.Lease(), test.Manifest());

        var versions = await Task.WhenAll(Enumerable.Range(0, 6).Select(index => Task.Run(
            () => (index % 2 == 0 ? test.Workspace : other).Jobs.Publish(lease, manifest), TestContext.Current.CancellationToken)));

        Assert.All(versions, version => Assert.Equal(1, version.Id.Number));
        Assert.Single(test.Workspace.Models.ListVersions("flowers", 0, null).Items);
    }

    [Fact]
    public void Publish_MissingBlob_ChangesNothing()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();
        var absent = new string('0', 64);

        var failure = Assert.Throws<BlobNotFoundException>(() => test.Jobs.Publish(lease, test.Manifest() with { Weights = absent }));

        Assert.Equal(absent, failure.Hash);
        Assert.Equal(JobState.Running, test.Job(job.Id).State);
        Assert.Null(test.Workspace.Models.Find("flowers"));
        Assert.Equal(1, test.Jobs.Publish(lease, test.Manifest()).Id.Number);
    }

    [Fact]
    public void Publish_MissingReport_ChangesNothing()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var absent = new string('0', 64);

        var failure = Assert.Throws<BlobNotFoundException>(() => test.Jobs.Publish(test.Lease(), test.Manifest() with { Report = absent }));

        Assert.Equal(absent, failure.Hash);
        Assert.Equal(JobState.Running, test.Job(job.Id).State);
        Assert.Null(test.Workspace.Models.Find("flowers"));
    }

    [Fact]
    public void Publish_ManifestOfAnotherJob_ChangesNothing()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();

        Assert.Throws<ArgumentException>(() => test.Jobs.Publish(lease, test.Manifest() with { JobId = new string('1', 32) }));
        Assert.Throws<ArgumentException>(() => test.Jobs.Publish(lease, test.Manifest() with { DatasetId = new string('1', 64) }));

        Assert.Equal(JobState.Running, test.Job(job.Id).State);
        Assert.Null(test.Workspace.Models.Find("flowers"));
    }

    [Fact]
    public void Publish_FailureBetweenItsTwoWrites_LeavesNeither()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();
        using (var connection = test.OpenDatabase())
        {
            connection.Execute(
                "CREATE TRIGGER disk_full BEFORE UPDATE OF result_model ON jobs BEGIN SELECT raise(ABORT, 'disk full'); END");
        }

        Assert.Throws<Microsoft.Data.Sqlite.SqliteException>(() => test.Jobs.Publish(lease, test.Manifest()));

        Assert.Null(test.Workspace.Models.Find("flowers"));
        Assert.Equal(JobState.Running, test.Job(job.Id).State);
    }

    [Fact]
    public void Publish_CancellationAskedMeanwhile_ChangesNothingAndTheJobIsCancelled()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var lease = test.Lease();
        test.Jobs.RequestCancel(job.Id);

        // It might have taken over an alias.
        Assert.Throws<JobCancelRequestedException>(() => test.Jobs.Publish(lease, test.Manifest()));

        Assert.Null(test.Workspace.Models.Find("flowers"));
        Assert.Equal(JobState.Cancelled, test.Jobs.Release(lease));
        Assert.Equal([JobState.Queued, JobState.Running, JobState.Cancelled], test.States(job.Id));
    }

    [Fact]
    public void Cancel_BehindPublish_ComesTooLate()
    {
        using var test = new TestWorkspace();
        var job = test.Submit();
        var version = test.Jobs.Publish(test.Lease(), test.Manifest());

        Assert.Equal((JobState.Succeeded, version.Id), (test.Jobs.RequestCancel(job.Id).State, test.Job(job.Id).Result));
    }
}
