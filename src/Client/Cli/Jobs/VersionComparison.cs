using System.Text.Json;
using System.Text.Json.Nodes;
using BiT.Client;

namespace BiT.CommandLine;

/// <summary>A part of two versions by its hash; empty where a version does not have it.</summary>
internal sealed record ComparedPart(string Name, string Original, string Rerun)
{
    public bool IsIdentical => Original == Rerun;
}

/// <summary>Whether two versions are the same to the bit, by the hashes that their manifests name.</summary>
/// <param name="Parts">Files, and the state that training ended with (momenta and early stopping included).</param>
/// <param name="Causes">What decides the bits and is not equal, as sentences.</param>
internal sealed record VersionComparison(IReadOnlyList<ComparedPart> Parts, IReadOnlyList<string> Causes)
{
    private static readonly (string Name, string Member)[] Files =
    [
        ("infer.onnx", "inferenceGraph"), ("infer.onnx.data", "inferenceGraphData"), ("weights.npz", "weights"), ("head.npz", "head"), ("report.json", "report"),
    ];

    private static readonly (string Name, string Key)[] Origins =
    [
        ("fingerprint", "fingerprint"), ("code version", "codeVersion"), ("plan", "planHash"), ("data", "dataHash"), ("base", "baseHash"),
    ];

    public bool IsIdentical => Parts.All(part => part.IsIdentical);

    /// <exception cref="InvalidDataException">A manifest cannot be read.</exception>
    public static VersionComparison Of(ModelVersion original, ModelVersion rerun)
    {
        var (first, second) = (Read(original), Read(rerun));
        var parts = Files.Select(file => new ComparedPart(file.Name, Text(first, file.Member), Text(second, file.Member)))
            .Append(new ComparedPart("final state", Lineage(first, "finalState"), Lineage(second, "finalState")))
            .Where(part => part.Original.Length > 0 || part.Rerun.Length > 0);
        var causes = Origins.Select(origin => (origin.Name, Before: Lineage(first, origin.Key), After: Lineage(second, origin.Key)))
            .Where(origin => origin.Before != origin.After)
            .Select(origin => $"The {origin.Name} differs: '{origin.Before}' then, '{origin.After}' now.");
        return new VersionComparison([.. parts], [.. causes]);
    }

    private static JsonObject Read(ModelVersion version)
    {
        try
        {
            return JsonNode.Parse(version.ManifestJson)?.AsObject() ?? throw new JsonException("It is null.");
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"The manifest of {version.Name} cannot be read: {problem.Message}");
        }
    }

    private static string Text(JsonObject manifest, string member) => manifest[member]?.ToString() ?? "";

    // Values of the lineage are JSON texts.
    private static string Lineage(JsonObject manifest, string key) =>
        manifest["lineage"]?[key]?.ToString() is { } json ? JsonNode.Parse(json)?.ToString() ?? "" : "";
}
