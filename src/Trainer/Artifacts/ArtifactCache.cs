using BiT.Core.Store;
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
        Directory.CreateDirectory(folder);
        if (IsThere(final, path))
            return path;
        var temporary = Path.Combine(folder, $".{Path.GetFileName(final)}.{Guid.NewGuid():N}");
        Directory.CreateDirectory(temporary);
        try
        {
            WriteFlushed(graph, temporary);
            // A folder without its model is what an interrupted deletion leaves.
            if (Directory.Exists(final) && !File.Exists(path))
                Directory.Delete(final, recursive: true);
            Directory.Move(temporary, final);
            DurableFile.FlushFolder(folder);
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

    // What is used is dated, so that it is not collected before it is opened.
    private bool IsThere(string final, string path)
    {
        using var share = CacheUse.Share(folder);
        if (!File.Exists(path))
            return false;
        CacheUse.Touch(final);
        return true;
    }

    // After a power cut a name must not point to a file whose content never reached the disk.
    private static void WriteFlushed(Graph graph, string target)
    {
        foreach (var written in OnnxWriter.Write(graph, Path.Combine(target, ModelFile)))
        {
            using var file = File.OpenHandle(written, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(file);
        }
        DurableFile.FlushFolder(target);
    }
}
