using System.Text;
using BiT.Core.Reports;
using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Hosting;
using Google.Protobuf;
using Grpc.Core;
using Split = BiT.Core.Store.Split;

namespace BiT.Serving.Rpc;

/// <summary>The calls of bit.v1.ModelService about how right a version is.</summary>
internal sealed partial class ModelRpc
{
    // Well below the 4 MB that clients take by default.
    private const int PageChunkBytes = 64 << 10;

    public override Task<ModelReport> GetModelReport(GetModelReportRequest request, ServerCallContext context)
    {
        var version = Version(request.Name);
        return Task.FromResult(ModelReportMessages.Of(version, Report(version)));
    }

    public override async Task GetModelReportPage(
        GetModelReportPageRequest request, IServerStreamWriter<PageChunk> responseStream, ServerCallContext context)
    {
        var version = Version(request.Name);
        var page = await pages.RenderAsync(version, Report(version), context.CancellationToken);
        for (var start = 0; start < page.Length; start += PageChunkBytes)
        {
            var chunk = page.AsMemory(start, Math.Min(PageChunkBytes, page.Length - start));
            await responseStream.WriteAsync(new PageChunk { Data = UnsafeByteOperations.UnsafeWrap(chunk) }, context.CancellationToken);
        }
    }

    public override async Task<ModelReport> EvaluateModelVersion(EvaluateModelVersionRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var reference = violations.Reference(request.Name, "name");
        var datasetId = violations.Dataset(request.Dataset, "dataset");
        violations.Require(Enum.IsDefined(request.Split), "split", $"is {(int)request.Split}; expected a value of Split.");
        violations.ThrowIfAny();
        var version = catalog.Find(reference ?? throw violations.Exception());
        if (version.Manifest.Method == "backbone")
            throw ModelNotLoadableException.WithoutHead(version.Id);
        if (workspace.Datasets.Find(datasetId) is null)
            throw ResourceNotFoundException.Dataset(request.Dataset);
        // Names and order are those of the protocol.
        var asked = new EvaluateRequest { Version = version.Id, DatasetId = datasetId, Split = (Split)(int)request.Split };
        var result = await tasks.RunAsync(TaskKind.Evaluate, asked, context.CancellationToken);
        var report = ReportJson.Read(Encoding.UTF8.GetBytes(result));
        var message = ModelReportMessages.Of(version, report);
        if (request.IncludePage)
            message.Page = UnsafeByteOperations.UnsafeWrap(await pages.RenderAsync(version, report, context.CancellationToken));
        return message;
    }

    private ModelVersionRecord Version(string name)
    {
        var violations = new FieldViolations();
        var reference = violations.Reference(name, "name");
        violations.ThrowIfAny();
        return catalog.Find(reference ?? throw violations.Exception());
    }

    private VersionReport Report(ModelVersionRecord version) => ReportJson.Load(workspace.Blobs, version.Manifest)
        ?? throw ResourceNotFoundException.Report(version.Id.ToString());
}
