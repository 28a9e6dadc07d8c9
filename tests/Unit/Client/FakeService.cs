using BiT.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BiT.Tests.Unit.Client;

/// <summary>What a fake service answers; a call without an answer fails as UNIMPLEMENTED.</summary>
internal sealed class FakeAnswers
{
    public Func<ClassifyRequest, ClassifyResponse>? Classify { get; set; }
    public Func<SubmitFineTuneJobRequest, FineTuneJob>? Submit { get; set; }
    public Func<string, FineTuneJob>? GetJob { get; set; }
    public Func<string, FineTuneJob>? CancelJob { get; set; }
    public Func<IServerStreamWriter<PageChunk>, Task>? Preview { get; set; }
    public Func<string, FineTuneJob>? PauseJob { get; set; }
    public Func<string, FineTuneJob>? ResumeJob { get; set; }
    public Func<string, FineTuneJob>? RerunJob { get; set; }
    public Func<string, FineTuneJob>? DeleteJob { get; set; }
    public Func<ListFineTuneJobsRequest, ListFineTuneJobsResponse>? ListJobs { get; set; }
    public Func<WatchFineTuneJobRequest, IServerStreamWriter<FineTuneJobEvent>, ServerCallContext, Task>? Watch { get; set; }
    public Func<IAsyncStreamReader<UploadDatasetRequest>, Task<UploadDatasetResponse>>? Upload { get; set; }
    public Func<string, Dataset>? GetDataset { get; set; }
    public Func<ListDatasetsRequest, ListDatasetsResponse>? ListDatasets { get; set; }
    public Func<ListDatasetProblemsRequest, ListDatasetProblemsResponse>? ListProblems { get; set; }
    public Func<string, Google.Protobuf.WellKnownTypes.Empty>? DeleteDataset { get; set; }
    public Func<string, IServerStreamWriter<PageChunk>, Task>? DatasetPage { get; set; }
    public Func<string, Model>? GetModel { get; set; }
    public Func<ListModelsRequest, ListModelsResponse>? ListModels { get; set; }
    public Func<ListModelVersionsRequest, ListModelVersionsResponse>? ListVersions { get; set; }
    public Func<string, ModelVersion>? GetVersion { get; set; }
    public Func<SetAliasRequest, Model>? SetAlias { get; set; }
    public Func<string, ModelReport>? GetReport { get; set; }
    public Func<EvaluateModelVersionRequest, ModelReport>? Evaluate { get; set; }
    public Func<RollbackAliasRequest, Model>? RollbackAlias { get; set; }
    public Func<DeleteAliasRequest, Model>? DeleteAlias { get; set; }
    public Action<string>? DeleteModel { get; set; }
    public Action<string>? DeleteVersion { get; set; }
    public Func<DownloadModelVersionRequest, IServerStreamWriter<DownloadModelVersionResponse>, Task>? Download { get; set; }
    public Func<IAsyncStreamReader<ImportModelVersionRequest>, Task<ModelVersion>>? Import { get; set; }
}

/// <summary>The protocol over a real connection on a free loopback port, with answers of the test's own.</summary>
internal sealed class FakeService : IAsyncDisposable
{
    private readonly WebApplication _application;

    private FakeService(WebApplication application, string address)
    {
        _application = application;
        Address = address;
    }

    public string Address { get; }

    public static async Task<FakeService> StartAsync(FakeAnswers answers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = 64 << 20);
        builder.Services.AddSingleton(answers);
        var application = builder.Build();
        application.MapGrpcService<Classification>();
        application.MapGrpcService<Datasets>();
        application.MapGrpcService<FineTuning>();
        application.MapGrpcService<Models>();
        await application.StartAsync();
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        return new FakeService(application, Assert.Single(addresses?.Addresses ?? []));
    }

    public async ValueTask DisposeAsync()
    {
        using var impatient = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(impatient.Token);
        await _application.DisposeAsync();
    }

    private static TReply Answer<TRequest, TReply>(Func<TRequest, TReply>? answer, TRequest request)
        => answer is null ? throw new RpcException(new Status(StatusCode.Unimplemented, "The test has no answer.")) : answer(request);

    private sealed class Classification(FakeAnswers answers) : ClassificationService.ClassificationServiceBase
    {
        public override Task<ClassifyResponse> Classify(ClassifyRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.Classify, request));
    }

    private sealed class Datasets(FakeAnswers answers) : DatasetService.DatasetServiceBase
    {
        public override Task<UploadDatasetResponse> UploadDataset(
            IAsyncStreamReader<UploadDatasetRequest> requestStream, ServerCallContext context)
            => Answer(answers.Upload, requestStream);

        public override Task<Dataset> GetDataset(GetDatasetRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.GetDataset, request.Name));

        public override Task<ListDatasetsResponse> ListDatasets(ListDatasetsRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.ListDatasets, request));

        public override Task<ListDatasetProblemsResponse> ListDatasetProblems(ListDatasetProblemsRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.ListProblems, request));

        public override Task<Google.Protobuf.WellKnownTypes.Empty> DeleteDataset(DeleteDatasetRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.DeleteDataset, request.Name));

        public override Task GetDatasetPage(
            GetDatasetPageRequest request, IServerStreamWriter<PageChunk> responseStream, ServerCallContext context)
            => Answer<string, Task>(answers.DatasetPage is null ? null : name => answers.DatasetPage(name, responseStream), request.Name);
    }

    private sealed class FineTuning(FakeAnswers answers) : FineTuningService.FineTuningServiceBase
    {
        public override Task<FineTuneJob> SubmitFineTuneJob(SubmitFineTuneJobRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.Submit, request));

        public override Task<FineTuneJob> GetFineTuneJob(GetFineTuneJobRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.GetJob, request.Name));

        public override Task<FineTuneJob> CancelFineTuneJob(CancelFineTuneJobRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.CancelJob, request.Name));

        public override Task PreviewFineTuneJob(
            PreviewFineTuneJobRequest request, IServerStreamWriter<PageChunk> responseStream, ServerCallContext context)
            => Answer(answers.Preview, responseStream);

        public override Task<FineTuneJob> PauseFineTuneJob(PauseFineTuneJobRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.PauseJob, request.Name));

        public override Task<FineTuneJob> ResumeFineTuneJob(ResumeFineTuneJobRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.ResumeJob, request.Name));

        public override Task<FineTuneJob> RerunFineTuneJob(RerunFineTuneJobRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.RerunJob, request.Name));

        public override Task<Google.Protobuf.WellKnownTypes.Empty> DeleteFineTuneJob(DeleteFineTuneJobRequest request, ServerCallContext context)
        {
            Answer(answers.DeleteJob, request.Name);
            return Task.FromResult(new Google.Protobuf.WellKnownTypes.Empty());
        }

        public override Task<ListFineTuneJobsResponse> ListFineTuneJobs(ListFineTuneJobsRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.ListJobs, request));

        public override Task WatchFineTuneJob(
            WatchFineTuneJobRequest request, IServerStreamWriter<FineTuneJobEvent> responseStream, ServerCallContext context)
            => answers.Watch?.Invoke(request, responseStream, context) ?? throw new RpcException(new Status(StatusCode.Unimplemented, ""));
    }

    private sealed class Models(FakeAnswers answers) : ModelService.ModelServiceBase
    {
        public override Task<Model> GetModel(GetModelRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.GetModel, request.Name));

        public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.ListModels, request));

        public override Task<ListModelVersionsResponse> ListModelVersions(ListModelVersionsRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.ListVersions, request));

        public override Task<ModelVersion> GetModelVersion(GetModelVersionRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.GetVersion, request.Name));

        public override Task<ModelReport> GetModelReport(GetModelReportRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.GetReport, request.Name));

        public override Task<ModelReport> EvaluateModelVersion(EvaluateModelVersionRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.Evaluate, request));

        public override Task<Model> SetAlias(SetAliasRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.SetAlias, request));

        public override Task<Model> RollbackAlias(RollbackAliasRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.RollbackAlias, request));

        public override Task<Model> DeleteAlias(DeleteAliasRequest request, ServerCallContext context)
            => Task.FromResult(Answer(answers.DeleteAlias, request));

        public override Task<Empty> DeleteModel(DeleteModelRequest request, ServerCallContext context)
            => Task.FromResult(Done(answers.DeleteModel, request.Name));

        public override Task<Empty> DeleteModelVersion(DeleteModelVersionRequest request, ServerCallContext context)
            => Task.FromResult(Done(answers.DeleteVersion, request.Name));

        public override Task DownloadModelVersion(
            DownloadModelVersionRequest request, IServerStreamWriter<DownloadModelVersionResponse> responseStream, ServerCallContext context)
            => answers.Download?.Invoke(request, responseStream) ?? throw new RpcException(new Status(StatusCode.Unimplemented, ""));

        public override Task<ModelVersion> ImportModelVersion(
            IAsyncStreamReader<ImportModelVersionRequest> requestStream, ServerCallContext context)
            => Answer(answers.Import, requestStream);

        private static Empty Done(Action<string>? answer, string name)
        {
            Answer<string, bool>(answer is null ? null : given =>
            {
                answer(given);
                return true;
            }, name);
            return new Empty();
        }
    }
}
