namespace BiT.Training.Checkpoints;

/// <summary>What a checkpoint of ONNX Runtime Training holds: parameters, and momenta of the one optimiser group.</summary>
internal sealed record OrtCheckpoint
{
    /// <summary>Optimiser steps done.</summary>
    public required long Step { get; init; }

    /// <summary>The trained parameters, in graph order.</summary>
    public required IReadOnlyList<OrtTensor> Parameters { get; init; }

    /// <summary>Momenta by parameter; none at step 0 leaves them to the runtime, which starts from zeros.</summary>
    public IReadOnlyDictionary<string, OrtMomenta> Momenta { get; init; } = new Dictionary<string, OrtMomenta>();

    /// <summary>Texts of the property bag.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
}

/// <summary>What the optimiser keeps of a parameter.</summary>
/// <param name="First">First momentum.</param>
/// <param name="Second">Second momentum; null for SGD, which has no use for the first either.</param>
internal sealed record OrtMomenta(OrtTensor First, OrtTensor? Second)
{
    public IEnumerable<OrtTensor> All => Second is null ? [First] : [First, Second];
}

/// <summary>A float32 array of a checkpoint.</summary>
internal sealed record OrtTensor(string Name, IReadOnlyList<long> Sizes, float[] Values);
