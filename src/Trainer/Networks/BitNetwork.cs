using System.Collections.Immutable;
using System.Globalization;

namespace BiT.Training.Networks;

/// <summary>A BiT network: residual units per block and a width factor. Everything else of the architecture follows.</summary>
/// <remarks>Source: BiT, bit_pytorch/models.py ResNetV2 and KNOWN_MODELS.</remarks>
public sealed record BitNetwork
{
    /// <summary>Groups of every GroupNorm. Source: bit_pytorch/models.py nn.GroupNorm(32, ...).</summary>
    public const int GroupCount = 32;

    private const int RootChannels = 64;

    private static readonly ImmutableDictionary<string, BitNetwork> Known = new[]
    {
        new BitNetwork("R50x1", [3, 4, 6, 3], 1),
        new BitNetwork("R50x3", [3, 4, 6, 3], 3),
        new BitNetwork("R101x1", [3, 4, 23, 3], 1),
        new BitNetwork("R101x3", [3, 4, 23, 3], 3),
        new BitNetwork("R152x2", [3, 8, 36, 3], 2),
        new BitNetwork("R152x4", [3, 8, 36, 3], 4),
        new BitNetwork("bit-tiny", [2, 2, 2, 2], 0.5),
    }.ToImmutableDictionary(network => network.Name, StringComparer.OrdinalIgnoreCase);

    /// <param name="name">Name for people and manifests.</param>
    /// <param name="depths">Residual units of the four blocks, each at least 1.</param>
    /// <param name="width">Factor of all channel counts: a positive multiple of 1/2.</param>
    /// <exception cref="NetworkException">Depths or width cannot be built; the message says why.</exception>
    public BitNetwork(string name, IReadOnlyList<int> depths, double width)
    {
        if (depths.Count != 4 || depths.Any(depth => depth < 1))
            throw new NetworkException($"A BiT network has 4 blocks of at least 1 unit; got depths [{string.Join(",", depths)}].");
        var halves = width * 2;
        if (!(halves >= 1 && halves <= 64) || halves != Math.Floor(halves))
        {
            throw new NetworkException(string.Create(CultureInfo.InvariantCulture,
                $"Width {width} cannot be built: the narrowest normalisation has 64 x width channels in {GroupCount} groups, so the width is a multiple of 1/2 from 1/2 to 32."));
        }
        Name = name;
        Depths = [.. depths];
        Width = width;
    }

    public string Name { get; }

    public ImmutableArray<int> Depths { get; }

    public double Width { get; }

    /// <summary>Output channels of the root block, 64 x width.</summary>
    public int RootWidth => Scale(RootChannels);

    /// <summary>Length of a pre-logits vector, 2048 x width.</summary>
    public int FeatureCount => BlockWidth(3);

    /// <summary>Names of the networks that can be asked for by name.</summary>
    public static IEnumerable<string> KnownNames => Known.Values.OrderBy(network => network.Width * network.Depths.Sum()).Select(network => network.Name);

    /// <summary>Finds a network by name, without regard to case.</summary>
    /// <exception cref="NetworkException">No network has the name.</exception>
    public static BitNetwork ByName(string name) => Known.TryGetValue(name, out var network)
        ? network
        : throw new NetworkException($"Network '{name}' is unknown. Known: {string.Join(", ", KnownNames)}.");

    /// <summary>Output channels of block 0 to 3: 256, 512, 1024, 2048 times width.</summary>
    public int BlockWidth(int block) => Scale(256 << block);

    /// <summary>The residual units in order.</summary>
    public IEnumerable<ResidualUnit> Units()
    {
        var channels = RootWidth;
        for (var block = 0; block < Depths.Length; block++)
        {
            for (var unit = 0; unit < Depths[block]; unit++)
            {
                var output = BlockWidth(block);
                yield return new ResidualUnit(
                    $"resnet/block{block + 1}/unit{unit + 1:00}", channels, output / 4, output, Stride: unit == 0 && block > 0 ? 2 : 1);
                channels = output;
            }
        }
    }

    private int Scale(int channels) => (int)(channels * Width);

    public bool Equals(BitNetwork? other) => other is not null && Name == other.Name && Width == other.Width && Depths.SequenceEqual(other.Depths);

    public override int GetHashCode() => HashCode.Combine(Name, Width, Depths.Length);
}

/// <summary>A pre-activation bottleneck unit.</summary>
/// <param name="Name">Prefix of its weights in the npz layout, for example <c>resnet/block1/unit01</c>.</param>
/// <param name="InputChannels">Channels that come in.</param>
/// <param name="MiddleChannels">Channels of the 3x3 convolution.</param>
/// <param name="OutputChannels">Channels that go out.</param>
/// <param name="Stride">Stride of the 3x3 convolution and of the projection.</param>
public sealed record ResidualUnit(string Name, int InputChannels, int MiddleChannels, int OutputChannels, int Stride)
{
    /// <summary>Whether the residual is a 1x1 projection instead of the input itself.</summary>
    public bool HasProjection => Stride != 1 || InputChannels != OutputChannels;
}

/// <summary>A network that cannot be built, or is unknown.</summary>
public sealed class NetworkException(string message) : Exception(message);
