using System.Text.Json;

namespace BiT.CommandLine;

/// <summary>A plan, which is JSON of the trainer's making, as name and value pairs for people.</summary>
internal static class PlanText
{
    // Longer values (boundaries of a long schedule, reasons) are for --json.
    private const int MaxValueLength = 120;

    /// <summary>The plan's values in its own order; nested ones as <c>outer.inner</c>. Empty if it is no JSON object.</summary>
    public static IReadOnlyList<(string Name, string Value)> Flatten(string planJson)
    {
        if (planJson.Length == 0)
            return [];
        try
        {
            var values = new List<(string, string)>();
            Flatten("", JsonElement.Parse(planJson), values);
            return values;
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The plan's short values on one line.</summary>
    public static string OneLine(string planJson) => string.Join(", ", Flatten(planJson)
        .Where(value => value.Value.Length <= 24 && !value.Name.Contains('.', StringComparison.Ordinal))
        .Select(value => $"{value.Name} {value.Value}"));

    private static void Flatten(string prefix, JsonElement element, List<(string, string)> values)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in element.EnumerateObject())
                Flatten(prefix.Length == 0 ? property.Name : $"{prefix}.{property.Name}", property.Value, values);
            return;
        }
        if (prefix.Length == 0 || element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return;
        var text = element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetRawText() : element.ToString();
        values.Add((prefix, text.Length <= MaxValueLength ? text : text[..(MaxValueLength - 1)] + "…"));
    }
}
