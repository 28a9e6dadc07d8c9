using BiT.Core.Store;
using BiT.Graphs;
using BiT.Training.Publishing;
using BiT.Training.Weights;

namespace BiT.Training.Worker.Tasks;

/// <summary>Makes a version of a file that somebody sent.</summary>
internal sealed class ImportHandler(Workspace workspace, Publisher publisher) : TaskHandler
{
    public override TaskKind Kind => TaskKind.Import;

    public override TaskOutcome Run(string request, TaskContext context)
    {
        var task = StoreJson.ReadTask<ImportTask>(request);
        var path = workspace.Blobs.PathOf(task.File);
        workspace.Blobs.Verify(task.File);
        context.Stop.ThrowIfCancellationRequested();
        try
        {
            var import = VersionImport.Read(
                path, new ImportSettings { Network = task.Network, Labels = task.Labels, InputSize = task.InputSize });
            context.Stop.ThrowIfCancellationRequested();
            return new TaskOutcome.NewVersion(task.ModelId, import.Store(publisher));
        }
        catch (WeightsException problem)
        {
            throw new WeightsException(Named(problem.Message, path), problem);
        }
        catch (GraphException problem)
        {
            throw new GraphException(Named(problem.Message, path), problem);
        }
    }

    // Where the file lies is nothing to its sender, who knows it by another name.
    private static string Named(string message, string path) =>
        message.Replace(path, "The file", StringComparison.Ordinal).Replace(Path.GetFileName(path), "The file", StringComparison.Ordinal);
}
