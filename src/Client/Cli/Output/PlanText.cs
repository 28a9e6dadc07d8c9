using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BiT.CommandLine;

/// <summary>A plan, which is JSON of the trainer's making, as name and value pairs for people.</summary>
internal static partial class PlanText
{
    // Longer values (boundaries of a long schedule) are for --json.
    private const int MaxValueLength = 120;
    private const int MaxLengthInOneLine = 24;

    private const string Reasons = "reasons";

    // Said elsewhere, and long.
    private static readonly string[] LeftOut = ["datasetId", "labels", Reasons];

    /// <summary>The plan's values in its own order; nested ones as <c>outer.inner</c>. Empty if it is no JSON object.</summary>
    public static IReadOnlyList<(string Name, string Value)> Flatten(string planJson)
    {
        var values = new List<(string, string)>();
        if (Parse(planJson) is { } plan)
            Flatten("", plan, values);
        return values;
    }

    /// <summary>The plan for a table: why it is as it is, then its values, by names in words.</summary>
    public static IEnumerable<(string Name, string Value)> Rows(string planJson) =>
        ReasonsOf(planJson).Select((reason, index) => (index == 0 ? "why" : "", reason))
            .Concat(Flatten(planJson).Where(value => !LeftOut.Contains(value.Name)).Select(value => ("plan: " + Words(value.Name), Shown(value.Value))));

    /// <summary>The plan's short values on one line.</summary>
    public static string OneLine(string planJson) => string.Join(", ", Flatten(planJson)
        .Where(value => value.Value.Length <= MaxLengthInOneLine && !value.Name.Contains('.', StringComparison.Ordinal))
        .Select(value => $"{Words(value.Name)} {Shown(value.Value)}"));

    private static JsonElement? Parse(string planJson)
    {
        try
        {
            return planJson.Length == 0 ? null : JsonElement.Parse(planJson);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<string> ReasonsOf(string planJson) =>
        Parse(planJson) is { ValueKind: JsonValueKind.Object } plan && plan.TryGetProperty(Reasons, out var reasons) && reasons.ValueKind == JsonValueKind.Array
            ? reasons.EnumerateArray().Select(reason => reason.ToString())
            : [];

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

    // schedule.decayBoundaries: schedule decay boundaries
    private static string Words(string name) => Hump().Replace(name.Replace('.', ' '), match => " " + match.Value.ToLowerInvariant());

    // 00:01:30 or 00:00:02.0379999, as JSON has times.
    private static string Shown(string value) =>
        value.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParseExact(value, "c", CultureInfo.InvariantCulture, out var time) ? Show.Roughly(time) : value;

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Hump();
}
