using System.Text.Json;
using System.Text.Json.Serialization;

namespace BiT.Core.Imaging;

/// <summary>How a photo becomes the input of a network. Stored as JSON with each model, so that it is served as it was trained.</summary>
public sealed record Preprocessing
{
    /// <summary>The only filter: <see cref="TriangleResampler"/>.</summary>
    public const string TriangleFilter = "triangle-antialiased-u8";

    /// <summary>Value that is subtracted from each byte: pixels end in [-1, 1]. Source: BiT, bit_pytorch/train.py mkdataset.</summary>
    public const float PixelMean = 127.5f;

    /// <summary>Value that each difference is divided by.</summary>
    public const float PixelScale = 127.5f;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
    };

    /// <summary>Height of the network's input in pixels, at least 1.</summary>
    public required int Height { get; init; }

    /// <summary>Width of the network's input in pixels, at least 1.</summary>
    public required int Width { get; init; }

    /// <summary>Name of the filter, always <see cref="TriangleFilter"/>; stored so that a later one cannot be mistaken for it.</summary>
    public string Filter { get; init; } = TriangleFilter;

    /// <summary>Writes the record as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Not such a record, or one that this program cannot follow.</exception>
    public static Preprocessing FromJson(string json)
    {
        try
        {
            var read = JsonSerializer.Deserialize<Preprocessing>(json, Json);
            if (read is { Height: > 0, Width: > 0, Filter: TriangleFilter })
                return read;
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException($"Preprocessing is not readable: {failure.Message} It was: {json}", failure);
        }
        throw new InvalidDataException(
            $"Expected a preprocessing with height and width of at least 1 and filter '{TriangleFilter}', got {json}. "
            + "The model was made by another version of this program; use that version.");
    }
}
