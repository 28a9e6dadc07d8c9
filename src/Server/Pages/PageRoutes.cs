using BiT.Core.Store;

namespace BiT.Serving.Pages;

/// <summary>Which page answers which path. Paths are compared with names that exist in the store; no file is ever named by one.</summary>
internal sealed class PageRoutes(Workspace workspace, IndexPage index, DatasetPage datasets)
{
    /// <summary>Finds a page.</summary>
    /// <param name="path">The path of the request, decoded, beginning with a slash.</param>
    /// <returns>The page's parts as they are made, UTF-8; null if there is none.</returns>
    public IAsyncEnumerable<byte[]>? Find(string path, CancellationToken cancellationToken) => path.Split('/') switch
    {
        ["", ""] => Whole(index.Render()),
        ["", "datasets", var id] when ResourceIds.IsHash(id) && workspace.Datasets.Find(id) is { } dataset
            => datasets.RenderAsync(dataset, cancellationToken),
        _ => null,
    };

    private static IAsyncEnumerable<byte[]> Whole(byte[] page) => new[] { page }.ToAsyncEnumerable();
}
