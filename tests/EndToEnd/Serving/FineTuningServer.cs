using BiT.Core.Store;
using BiT.Protocol.V1;
using Grpc.Core;
using FineTuneOverrides = BiT.Protocol.V1.FineTuneOverrides;
using FineTuneSpec = BiT.Protocol.V1.FineTuneSpec;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>A server with a data set and without a trainer: the tests play the trainer, and lease the oldest job.</summary>
public sealed class FineTuningServer : IAsyncLifetime
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromMinutes(10);

    private readonly ServerFixture _server = new();
    private string _dataset = "";

    /// <summary>Ends calls with the test.</summary>
    public static CallOptions Options => new(cancellationToken: TestContext.Current.CancellationToken);

    public string Address => _server.Address;

    public FineTuningService.FineTuningServiceClient FineTuning => _server.FineTuning;

    public ModelService.ModelServiceClient Models => _server.Models;

    public Workspace Workspace => _server.Workspace;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _dataset = (await _server.Datasets.UploadAsync("colours", Uploads.TwoColours(0))).Dataset.Name;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    public FineTuneSpec Spec() =>
        new() { Dataset = _dataset, Model = "models/colours", Method = "auto", Recipe = "auto", Overrides = new FineTuneOverrides() };

    public Task<FineTuneJob> SubmitAsync(FineTuneSpec spec, string requestId = "") =>
        FineTuning.SubmitFineTuneJobAsync(new SubmitFineTuneJobRequest { Spec = spec, RequestId = requestId }, Options).ResponseAsync;

    public Task<FineTuneJob> GetAsync(string name) =>
        FineTuning.GetFineTuneJobAsync(new GetFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    public Task<FineTuneJob> CancelAsync(string name) =>
        FineTuning.CancelFineTuneJobAsync(new CancelFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    public Task<FineTuneJob> PauseAsync(string name) =>
        FineTuning.PauseFineTuneJobAsync(new PauseFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    public Task<FineTuneJob> ResumeAsync(string name) =>
        FineTuning.ResumeFineTuneJobAsync(new ResumeFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    public Task DeleteAsync(string name) =>
        FineTuning.DeleteFineTuneJobAsync(new DeleteFineTuneJobRequest { Name = name }, Options).ResponseAsync;

    public async Task<List<string>> ListAsync(string filter)
    {
        var page = await FineTuning.ListFineTuneJobsAsync(new ListFineTuneJobsRequest { Filter = filter }, Options);
        return page.Jobs.Select(job => job.Name).ToList();
    }

    public AsyncServerStreamingCall<FineTuneJobEvent> Watch(string name, long cursor = 0) =>
        FineTuning.WatchFineTuneJob(new WatchFineTuneJobRequest { Name = name, Cursor = cursor }, Options);

    public JobLease Lease() => Workspace.Jobs.TryLease("test", LeaseDuration) ?? throw new InvalidOperationException("No job waits.");
}
