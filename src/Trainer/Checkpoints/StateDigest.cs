using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using BiT.Training.Networks;

namespace BiT.Training.Checkpoints;

/// <summary>One hash over everything that a run has: weights, momenta, best weights, and the state with its curves and early stopping, but no
/// time. Equal runs end with equal digests, however often they were interrupted.</summary>
internal static class StateDigest
{
    /// <summary>An array by position of its parameter.</summary>
    public delegate Span<float> ArrayOf(int index);

    /// <returns>sha256, hexadecimal.</returns>
    public static string Of(
        TrainingState state, IReadOnlyList<Parameter> parameters, ArrayOf weights, ArrayOf momenta, IReadOnlyDictionary<string, float[]>? best)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(state.WithoutTimes().ToJson()));
        for (var index = 0; index < parameters.Count; index++)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(parameters[index].Name));
            hash.AppendData(MemoryMarshal.AsBytes(weights(index)));
            hash.AppendData(MemoryMarshal.AsBytes(momenta(index)));
            if (best is not null)
                hash.AppendData(MemoryMarshal.AsBytes<float>(best[parameters[index].Name]));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
