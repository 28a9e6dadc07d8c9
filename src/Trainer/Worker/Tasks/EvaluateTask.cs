using System.Text;
using BiT.Core.Imaging;
using BiT.Core.Reports;
using BiT.Core.Store;
using BiT.Training.Datasets;
using BiT.Training.Evaluation;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Training.Worker.Tasks;

/// <summary>Classifies the photos of a data set with a version, with its stored files and the code that serves them.</summary>
internal sealed class EvaluateTask(Workspace workspace, TrainerOptions options, TextWriter log) : TaskHandler
{
    // More names than this say nothing more.
    private const int MaxLabelsNamed = 20;

    public override TaskKind Kind => TaskKind.Evaluate;

    /// <exception cref="EvaluationException">The data set has classes that the version does not know, or no photo in the split.</exception>
    /// <exception cref="StoreNotFoundException">The version or the data set is gone.</exception>
    public override TaskOutcome Run(string request, TaskContext context)
    {
        var asked = StoreJson.ReadTask<EvaluateRequest>(request);
        var manifest = (workspace.Models.FindVersion(asked.Version)
            ?? throw new StoreNotFoundException($"The version {asked.Version} does not exist (any more).")).Manifest;
        var dataset = workspace.Datasets.Find(asked.DatasetId)
            ?? throw new StoreNotFoundException($"Data set {asked.DatasetId} does not exist (any more). Upload it again.");
        var classes = ClassIndices(asked.Version, manifest.Labels, dataset);
        var photos = dataset.Photos.Where(photo => asked.Split is Split.Unspecified || photo.Split == asked.Split).ToList();
        var report = new VersionReport { DatasetId = dataset.Id, Evaluation = Evaluate(manifest, photos, classes, context.Stop) };
        return new TaskOutcome.Result(Encoding.UTF8.GetString(ReportJson.Write(report)));
    }

    private EvaluationReport Evaluate(
        ModelManifest manifest, List<Photo> photos, Dictionary<string, int> classes, CancellationToken cancellation)
    {
        var evaluation = new EvaluationBuilder(manifest.Labels);
        using var served = Open(manifest);
        var side = manifest.InputSize;
        var photoBytes = side * side * 3;
        var pixels = new byte[Math.Min(ServedVersion.BatchSize, photos.Count) * photoBytes];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = cancellation };
        foreach (var batch in photos.Chunk(ServedVersion.BatchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            Parallel.For(0, batch.Length, parallel, index =>
                PhotoPixels.Resize(workspace, batch[index], side, pixels.AsSpan(index * photoBytes, photoBytes)));
            var outputs = served.Run(pixels, batch.Length);
            for (var index = 0; index < batch.Length; index++)
                evaluation.Add(batch[index].FileName, batch[index].Blob, outputs[index], classes[batch[index].Label]);
        }
        return evaluation.Build();
    }

    private ServedVersion Open(ModelManifest manifest)
    {
        try
        {
            return ServedVersion.Open(workspace.Blobs, manifest.Graph, manifest.Head, options.Runtime, log.WriteLine);
        }
        catch (Exception problem) when (problem is InvalidDataException or OnnxRuntimeException)
        {
            throw new EvaluationException("MODEL_NOT_LOADABLE", $"The version cannot be loaded: {problem.Message.Trim()} Choose another version.");
        }
    }

    private static Dictionary<string, int> ClassIndices(ModelVersionId version, IReadOnlyList<string> labels, DatasetRecord dataset)
    {
        var indices = labels.Select((label, index) => (label, index)).ToLookup(entry => entry.label, entry => entry.index, StringComparer.Ordinal);
        var unknown = dataset.Labels.Where(label => !indices.Contains(label)).ToList();
        if (unknown.Count > 0)
        {
            throw new EvaluationException("LABEL_MISMATCH",
                $"{version} does not know {unknown.Count} of the data set's {dataset.Labels.Count} classes: {Names(unknown)}. "
                + $"It knows {Names(labels)}. Rename the folders, or leave those photos out.");
        }
        // An imported file may name two classes alike: then no photo of that name has one right answer.
        if (dataset.Labels.FirstOrDefault(label => indices[label].Skip(1).Any()) is { } ambiguous)
            throw new EvaluationException("LABEL_MISMATCH", $"{version} has several classes of the name '{ambiguous}': what is right is not defined.");
        return dataset.Labels.ToDictionary(label => label, label => indices[label].Single(), StringComparer.Ordinal);
    }

    private static string Names(IReadOnlyList<string> labels) => string.Join(", ", labels.Take(MaxLabelsNamed).Select(label => $"'{label}'"))
        + (labels.Count > MaxLabelsNamed ? $" and {labels.Count - MaxLabelsNamed} more" : "");
}
