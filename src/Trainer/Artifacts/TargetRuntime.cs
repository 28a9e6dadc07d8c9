namespace BiT.Training.Artifacts;

/// <summary>A runtime that artifacts are made for, and what it accepts.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Version">The release that the limits are of.</param>
/// <param name="MaxOpset">Highest version of ONNX's default domain.</param>
/// <param name="MaxIrVersion">Highest ONNX IR version.</param>
/// <param name="CheckpointVersion">The one checkpoint format version that it reads.</param>
internal sealed record TargetRuntime(string Name, string Version, int MaxOpset, int MaxIrVersion, int CheckpointVersion)
{
    /// <summary>ONNX Runtime Training's last release. It refuses checkpoints of versions 0, 1 and 3.</summary>
    public static TargetRuntime OrtTraining { get; } = new("ort-training", "1.19.2", MaxOpset: 21, MaxIrVersion: 10, CheckpointVersion: 2);
}
