using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Jobs;

namespace BiT.Serving.ModelFiles;

/// <summary>Finds the file that a caller wants of a version. What a head version has in two parts is put together by a trainer, once.</summary>
internal sealed class ModelFileFinder(Workspace workspace, TrainerTasks tasks)
{
    /// <exception cref="NoWeightsException">The version has no raw weights.</exception>
    /// <exception cref="TaskFailedException">The trainer could not put the parts together.</exception>
    /// <exception cref="BlobNotFoundException">A file of the version is missing.</exception>
    public async Task<ModelFileContent> FindAsync(ModelVersionRecord version, ModelFile file, CancellationToken cancellationToken)
    {
        var manifest = version.Manifest;
        var name = $"{version.Id.ModelId}-{version.Id.Number}";
        var composed = manifest.Head is null ? null : await ComposeAsync(version.Id, file, cancellationToken);
        if (file == ModelFile.Weights)
            return OneBlob($"{name}.npz", (composed is null ? manifest.Weights : composed.Weights) ?? throw new NoWeightsException(version.Id));
        var graph = composed is null ? manifest.Graph : new GraphBlobs(Require(composed.InferenceGraph), composed.InferenceGraphData);
        // Many seconds of reading for the largest: not on the caller's thread.
        return graph.Data is { } data
            ? await Task.Run(() => Zip($"{name}.zip", graph.Model, data, cancellationToken), cancellationToken)
            : OneBlob($"{name}.onnx", graph.Model);
    }

    // The graph refers to its data by this name, so both lie in one folder once unpacked.
    private ModelFileContent Zip(string fileName, string graph, string data, CancellationToken cancellationToken) => StoredZip.Lay(fileName,
        [(GraphBlobs.ModelFile, () => workspace.Blobs.OpenRead(graph)), (GraphBlobs.DataFile, () => workspace.Blobs.OpenRead(data))],
        cancellationToken);

    private async Task<ComposedFiles> ComposeAsync(ModelVersionId version, ModelFile file, CancellationToken cancellationToken)
    {
        var wanted = file == ModelFile.Weights ? ComposedFile.Weights : ComposedFile.InferenceGraph;
        if (workspace.Models.FindCompositions(version) is { } known && known.Has(wanted, workspace.Blobs))
            return known;
        var result = await tasks.RunAsync(TaskKind.Compose, new ComposeTask { Version = version, File = wanted }, cancellationToken);
        return StoreJson.ReadCompositions(result);
    }

    private static string Require(string? blob) =>
        blob ?? throw new InvalidOperationException("The trainer composed a file and did not name it.");

    private ModelFileContent OneBlob(string fileName, string hash)
    {
        using var file = workspace.Blobs.OpenRead(hash);
        return new ModelFileContent(fileName, file.Length, Convert.FromHexString(hash), [() => workspace.Blobs.OpenRead(hash)]);
    }
}
