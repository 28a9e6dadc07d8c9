using System.Security.Cryptography;
using System.Text.Json;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Training.Pretraining;

/// <summary>Which weights a run starts from instead of random ones; part of its plan.</summary>
/// <param name="Sha256">Of the npz file, hexadecimal.</param>
/// <param name="KeepsHead">Whether the file's head is taken too: it answers for the run's classes, in their order.</param>
internal sealed record StartingWeights(string Sha256, bool KeepsHead)
{
    /// <summary>Looks at a weight file. What its head answers is told by the JSON file beside it that <c>snapshot</c> writes.</summary>
    /// <param name="path">An npz file in the official layout.</param>
    /// <param name="network">The network that the file must be of.</param>
    /// <param name="labels">Class names of the run by class index.</param>
    /// <exception cref="WeightsException">The file cannot be read, or is of another network.</exception>
    public static StartingWeights Of(string path, BitNetwork network, IReadOnlyList<string> labels)
    {
        var weights = Read(path, network);
        var keepsHead = weights.ClassCount == labels.Count && LabelsBeside(path) is { } named && named.SequenceEqual(labels, StringComparer.Ordinal);
        return new StartingWeights(HashOf(path), keepsHead);
    }

    /// <summary>The weights to start from: the file's, with its head or with one that answers 0.</summary>
    /// <exception cref="WeightsException">The file cannot be read, or is of another network.</exception>
    public WeightSet Load(string path, BitNetwork network, int classCount)
    {
        var weights = Read(path, network);
        if (HashOf(path) != Sha256)
            throw new WeightsException($"--weights: {Path.GetFileName(path)} has changed since the run was planned. Start again.");
        return KeepsHead ? weights : weights.WithZeroHead(classCount);
    }

    private static WeightSet Read(string path, BitNetwork network)
    {
        try
        {
            return NpzWeights.Read(path, network);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new WeightsException($"--weights: {problem.Message}", problem);
        }
    }

    private static string HashOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static string[]? LabelsBeside(string path)
    {
        if (!File.Exists(path + ".json"))
            return null;
        try
        {
            using var description = JsonDocument.Parse(File.ReadAllBytes(path + ".json"));
            return description.RootElement.GetProperty("plan").GetProperty("labels").Deserialize<string[]>();
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new WeightsException($"--weights: {Path.GetFileName(path)}.json cannot be read as what snapshot writes ({problem.Message}). Write it anew, or remove it: the run then starts with a new head.");
        }
    }
}
