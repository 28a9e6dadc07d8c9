using System.Security.Cryptography;
using BiT.Training.Networks;
using BiT.Training.Planning;

namespace BiT.Training.Weights;

/// <summary>The pre-trained backbones that come with the trainer: npz files in the folder <c>backbones</c> beside it. Where each comes from is
/// said by its model card in <c>src/Trainer/Backbones</c>.</summary>
internal static class ShippedBackbones
{
    /// <summary>The largest crop at which training all their weights is worth it, in pixels: they have learnt from photos of 64, enlarged to 96 at the end. Larger ones cost time and
    /// gain nothing (docs/decisions/0011).</summary>
    public const int LargestCrop = 128;

    /// <summary>The same for a head on their features.</summary>
    public const int LargestHeadCrop = 224;

    /// <summary>The learning rate at which <c>auto</c> trains all their weights (docs/decisions/0011).</summary>
    public const double TuneRate = 0.01;

    private static readonly Dictionary<string, string> FileNames = new() { ["bit-tiny"] = "bit-tiny" };

    /// <summary>Whether a backbone is shipped for a network; its versions are as small as that, whoever trained them.</summary>
    public static bool Has(BitNetwork network) => FileNames.ContainsKey(network.Name);

    /// <summary>The backbone of a network; null if none is shipped for it.</summary>
    /// <exception cref="WeightsException">Its file is missing.</exception>
    public static ShippedBackbone? Find(BitNetwork network) => FileNames.TryGetValue(network.Name, out var name)
        ? new ShippedBackbone(name, Convert.ToHexStringLower(SHA256.HashData(ReadFile(name))))
        : null;

    /// <summary>Reads a backbone.</summary>
    /// <exception cref="WeightsException">The file is missing, or is not the one that is named.</exception>
    public static WeightSet Read(ShippedBackbone backbone, BitNetwork network)
    {
        var found = Convert.ToHexStringLower(SHA256.HashData(ReadFile(backbone.Name)));
        if (found != backbone.Sha256)
        {
            throw new WeightsException($"The plan starts from the backbone {backbone.Name} with sha256 {backbone.Sha256}; this trainer comes with {found}. "
                + "Finish the job with the trainer that planned it, or submit it again.");
        }
        return NpzWeights.Read(PathOf(backbone.Name), network);
    }

    private static byte[] ReadFile(string name)
    {
        var path = PathOf(name);
        return File.Exists(path) ? File.ReadAllBytes(path) : throw new WeightsException(
            $"The backbone {name} is not beside the trainer; expected {path}. Install the trainer anew, name a base, or use the recipe scratch.");
    }

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "backbones", name + ".npz");
}
