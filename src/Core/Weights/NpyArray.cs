namespace BiT.Core.Weights;

/// <summary>One array of a weight file.</summary>
/// <param name="Shape">Sizes by dimension; empty for a scalar.</param>
/// <param name="Values">float32 in C order (the last dimension varies fastest), as many as the product of <paramref name="Shape"/>.</param>
public sealed record NpyArray(IReadOnlyList<int> Shape, float[] Values);
