using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BiT.Core.Imaging;

namespace BiT.Tests.Unit.Imaging;

/// <summary>Runs one file of PIL BILINEAR results (tests/Fixtures/oracle-resample/*.json) through the resampler.</summary>
/// <remarks>The pictures are generated: byte(y, x, c) = (hash8(key, i) / 4 + 3x + 2y + 40c) mod 256, i the flat index in (h, w,
/// 3).</remarks>
public static class ResampleOracle
{
    /// <summary>What a file said about the resampler.</summary>
    /// <param name="Cases">Pictures in the file.</param>
    /// <param name="DifferingBytes">Bytes that are not equal, over all cases.</param>
    /// <param name="WorstDeviation">Largest absolute difference of one byte; 0 is the only passing value.</param>
    public sealed record Result(int Cases, long DifferingBytes, int WorstDeviation);

    /// <summary>Resizes every picture of a file and compares each byte.</summary>
    /// <exception cref="InvalidDataException">The file is not such an oracle, or its generated pictures are not ours.</exception>
    public static Result Run(string path)
    {
        var file = JsonSerializer.Deserialize<OracleFile>(File.ReadAllBytes(path), JsonSerializerOptions.Default);
        if (file is not { Cases: { Count: > 0 } cases })
            throw new InvalidDataException($"{path} holds no cases; expected an object with a list 'cases'.");
        var differing = 0L;
        var worst = 0;
        foreach (var item in cases)
        {
            var source = Generate(item.Key, item.Width, item.Height);
            if (!source.Pixels.AsSpan().StartsWith(item.FirstSourceBytes))
            {
                throw new InvalidDataException(
                    $"{path}, case {item.Key}: the generated picture begins otherwise than first_source_bytes says.");
            }
            var actual = TriangleResampler.Resize(source, item.ToWidth, item.ToHeight).Pixels;
            var expected = Convert.FromBase64String(item.ExpectedBase64);
            if (actual.Length != expected.Length)
                throw new InvalidDataException($"{path}, case {item.Key}: {expected.Length} bytes expected, {actual.Length} made.");
            for (var i = 0; i < actual.Length; i++)
            {
                var deviation = Math.Abs(actual[i] - expected[i]);
                worst = Math.Max(worst, deviation);
                differing += deviation == 0 ? 0 : 1;
            }
        }
        return new Result(cases.Count, differing, worst);
    }

    /// <summary>The generated picture of a case.</summary>
    public static RgbImage Generate(string key, int width, int height)
    {
        var keyHash = Fnv1a(key);
        var pixels = new byte[width * height * 3];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (x, y, channel) = (i / 3 % width, i / 3 / width, i % 3);
            pixels[i] = (byte)((Hash(keyHash, (uint)i) >> 24) / 4 + (3 * x) + (2 * y) + (40 * channel));
        }
        return new RgbImage(width, height, pixels);
    }

    private static uint Hash(uint keyHash, uint index)
    {
        var x = (index * 0x9E3779B1) ^ keyHash;
        x = (x ^ (x >> 16)) * 0x85EBCA6B;
        x = (x ^ (x >> 13)) * 0xC2B2AE35;
        return x ^ (x >> 16);
    }

    private static uint Fnv1a(string key)
    {
        var hash = 2166136261;
        foreach (var value in Encoding.UTF8.GetBytes(key))
            hash = (hash ^ value) * 16777619;
        return hash;
    }

    private sealed record OracleFile([property: JsonPropertyName("cases")] IReadOnlyList<OracleCase> Cases);

    private sealed record OracleCase
    {
        [JsonPropertyName("key")]
        public required string Key { get; init; }

        [JsonPropertyName("width")]
        public required int Width { get; init; }

        [JsonPropertyName("height")]
        public required int Height { get; init; }

        [JsonPropertyName("to_width")]
        public required int ToWidth { get; init; }

        [JsonPropertyName("to_height")]
        public required int ToHeight { get; init; }

        [JsonPropertyName("first_source_bytes")]
        public IReadOnlyList<int> FirstSource { get; init; } = [];

        [JsonPropertyName("expected_base64")]
        public required string ExpectedBase64 { get; init; }

        [JsonIgnore]
        public byte[] FirstSourceBytes => [.. FirstSource.Select(value => (byte)value)];
    }
}
