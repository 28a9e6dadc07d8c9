using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>Reads a checkpoint as docs/formats/checkpoints.md describes it, not with the trainer's code.</summary>
/// <param name="Arrays">Hash of the bytes by name.</param>
/// <param name="State">JSON, with seconds set to 0: nothing else may differ between equal runs.</param>
internal sealed record CheckpointFile(IReadOnlyList<(string Name, string Hash)> Arrays, string State)
{
    /// <summary>The newest file of a step in any attempt; null if there is none.</summary>
    public static CheckpointFile? Find(string jobFolder, int step) =>
        (Directory.Exists(jobFolder) ? Directory.EnumerateFiles(jobFolder, $"step-{step:000000000}.safetensors", SearchOption.AllDirectories) : [])
            .Order(StringComparer.Ordinal).LastOrDefault() is { } path ? Read(path) : null;

    /// <summary>Whether a step has a whole file in any attempt.</summary>
    public static bool Exists(string jobFolder, int step) =>
        Directory.Exists(jobFolder) && Directory.EnumerateFiles(jobFolder, $"step-{step:000000000}.safetensors", SearchOption.AllDirectories).Any();

    private static CheckpointFile Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var header = JsonNode.Parse(bytes.AsSpan(8, length))?.AsObject() ?? throw new InvalidDataException("No header.");
        var arrays = header.Where(entry => entry.Key != "__metadata__").Select(entry =>
        {
            var (start, end) = ((int?)entry.Value?["data_offsets"]?[0] ?? -1, (int?)entry.Value?["data_offsets"]?[1] ?? -1);
            return (entry.Key, Convert.ToHexString(SHA256.HashData(bytes.AsSpan(8 + length)[start..end])));
        });
        var state = JsonNode.Parse((string?)header["__metadata__"]?["state"] ?? "") ?? throw new InvalidDataException("No state.");
        ForgetSeconds(state);
        return new CheckpointFile([.. arrays.OrderBy(array => array.Key, StringComparer.Ordinal)], state.ToJsonString());
    }

    private static void ForgetSeconds(JsonNode node)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array.OfType<JsonNode>())
                ForgetSeconds(item);
        }
        if (node is not JsonObject members)
            return;
        if (members.ContainsKey("seconds"))
            members["seconds"] = 0;
        foreach (var (_, value) in members)
        {
            if (value is not null)
                ForgetSeconds(value);
        }
    }
}
