using BiT.Graphs;
using BiT.Graphs.Serialization;

namespace BiT.Training.Artifacts;

/// <summary>Written graphs in a folder, named by the hash of their content: equal graphs are written once, by any job.</summary>
public sealed class ArtifactCache(string folder)
{
    private const string ModelFile = "model.onnx";

    /// <summary>Path of the ONNX file of a graph; writes it if it is not there.</summary>
    /// <remarks>A graph is written into a folder of its own beside the final one and moved there whole, so that a reader never sees half of
    /// it and two writers do no harm.</remarks>
    public string GetOrWrite(Graph graph)
    {
        var final = Path.Combine(folder, $"{graph.Name}-{GraphText.Hash(graph)[..32]}");
        var path = Path.Combine(final, ModelFile);
        if (File.Exists(path))
            return path;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(final)}.{Guid.NewGuid():N}");
        Directory.CreateDirectory(temporary);
        try
        {
            OnnxWriter.Write(graph, Path.Combine(temporary, ModelFile));
            Directory.Move(temporary, final);
        }
        catch (IOException) when (File.Exists(path))
        {
            Directory.Delete(temporary, recursive: true);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
        return path;
    }
}
