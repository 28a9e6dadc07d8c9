using System.Text.Json;

namespace BiT.Tests.Unit.Oracle;

/// <summary>Expected values of the official BiT code, run in float64, for weights and images that follow from a hash. Fields may be missing:
/// what is missing is reported as not checked.</summary>
internal sealed record OracleFile
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public required string Name { get; init; }
    public required int[] Layers { get; init; }
    public required double Width { get; init; }
    public required int Classes { get; init; }
    public required int Batch { get; init; }
    public required int Size { get; init; }
    public string Salt { get; init; } = "";
    public long[]? Labels { get; init; }
    public long? Parameters { get; init; }
    public double[]? FeaturesMean { get; init; }
    public double[]? FeaturesFirst8 { get; init; }
    public double[]? Logits { get; init; }
    public Dictionary<string, ExpectedGradient>? FirstStepGradients { get; init; }
    public double[]? Losses { get; init; }
    public Dictionary<string, ExpectedChange>? ParametersAfterSteps { get; init; }
    public OracleOptimizer? Optimizer { get; init; }
    public Float32Deviation? Float32Deviation { get; init; }

    public static OracleFile Read(string path) =>
        JsonSerializer.Deserialize<OracleFile>(File.ReadAllText(path), Options) ?? throw new InvalidDataException($"{path} holds no oracle.");

    /// <summary>u(key, i) in [0,1): the hash that all weights and images follow from.</summary>
    public static float Uniform(uint keyHash, uint index)
    {
        var x = unchecked(index * 0x9E3779B1) ^ keyHash;
        x ^= x >> 16;
        x = unchecked(x * 0x85EBCA6B);
        x ^= x >> 13;
        x = unchecked(x * 0xC2B2AE35);
        x ^= x >> 16;
        return (x >> 8) / 16777216f;
    }

    public static uint Fnv1a32(string text)
    {
        var hash = 2166136261u;
        foreach (var unit in System.Text.Encoding.UTF8.GetBytes(text))
            hash = unchecked((hash ^ unit) * 16777619u);
        return hash;
    }
}

internal sealed record ExpectedGradient(double L2, int[] At, double[] Values);

internal sealed record ExpectedChange(double DeltaL2, int[] At, double[] Values);

internal sealed record OracleOptimizer(string Kind, double Lr, double Momentum, int Steps);

internal sealed record Float32Deviation(double? LogitsMaxAbs, double? GradientL2RelativeMax, double? DeltaL2RelativeMax);
