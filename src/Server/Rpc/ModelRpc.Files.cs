using BiT.Protocol.V1;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>Files of versions, out and in.</summary>
internal sealed partial class ModelRpc
{
    public override async Task DownloadModelVersion(
        DownloadModelVersionRequest request, IServerStreamWriter<DownloadModelVersionResponse> responseStream, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var reference = violations.Reference(request.Name, "name");
        violations.Require(System.Enum.IsDefined(request.File), "file",
            $"is {(int)request.File}; expected 0 or 1 (the inference graph) or 2 (the weights).");
        violations.ThrowIfAny();
        // The version may be deleted while its file is sent.
        using var hold = workspace.TryHoldBlobs();
        var version = catalog.Find(reference ?? throw violations.Exception());
        using var slot = downloads.Take();
        var content = await files.FindAsync(version, request.File, context.CancellationToken);
        await download.SendAsync(version.Id, content, responseStream, context);
    }

    public override async Task<ModelVersion> ImportModelVersion(
        IAsyncStreamReader<ImportModelVersionRequest> requestStream, ServerCallContext context)
    {
        using var slot = uploads.Take();
        return ModelMessages.Of(await import.RunAsync(requestStream, context.CancellationToken));
    }
}
