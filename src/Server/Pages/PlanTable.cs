using System.Text.Json;

namespace BiT.Serving.Pages;

/// <summary>A plan, which is JSON of the trainer's making, as a table for people.</summary>
internal static class PlanTable
{
    // The boundaries of a long schedule, and the labels of many classes.
    private const int MaxValueLength = 300;

    /// <returns>A row per value, in the plan's order; nested ones as <c>outer.inner</c>, texts one below the other.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static Markup Of(string planJson) =>
        HtmlPage.Of($"<table>\n{Markup.Join(Rows("", JsonElement.Parse(planJson)))}</table>");

    private static IEnumerable<Markup> Rows(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(item => Rows(name.Length == 0 ? item.Name : $"{name}.{item.Name}", item.Value)),
        JsonValueKind.Null => [],
        _ => [HtmlPage.Of($"<tr><td>{name}</td><td>{Cell(name, value)}</td></tr>\n")],
    };

    private static Markup Cell(string name, JsonElement value) => value.ValueKind switch
    {
        // Sentences, of which none is to be lost.
        JsonValueKind.Array when name == "reasons" => Markup.Join(value.EnumerateArray().Select(item => HtmlPage.Of($"{item}<br>"))),
        JsonValueKind.Array => HtmlPage.Of($"{Clip(string.Join(", ", value.EnumerateArray()))}"),
        _ => HtmlPage.Of($"{Clip(value.ToString())}"),
    };

    private static string Clip(string text) => text.Length <= MaxValueLength ? text : text[..MaxValueLength] + "...";
}
