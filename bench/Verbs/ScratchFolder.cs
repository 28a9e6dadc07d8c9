using BiT.Training.Artifacts;

namespace BiT.Bench.Verbs;

/// <summary>A temporary folder for written graphs, deleted at the end.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public ScratchFolder() => Path = Directory.CreateTempSubdirectory("bit-bench-").FullName;

    public string Path { get; }

    public ArtifactCache Artifacts => new(System.IO.Path.Combine(Path, "graphs"));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
