using Spectre.Console;

namespace BiT.CommandLine;

/// <summary>Tables in one style. Cells are plain text, never markup: a class may be called <c>[red]</c>.</summary>
internal static class Tables
{
    public static Table Create(params string[] headers)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var header in headers)
            table.AddColumn(new TableColumn(new Text(header, new Style(decoration: Decoration.Bold))));
        return table;
    }

    public static Text Cell(string text) => new(text);

    /// <summary>Names on the left, values on the right; pairs without a value are left out.</summary>
    public static Grid Facts(IEnumerable<(string Name, string Value)> facts)
    {
        var grid = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        foreach (var (name, value) in facts.Where(fact => fact.Value.Length > 0))
            grid.AddRow(new Text(name, new Style(decoration: Decoration.Dim)), new Text(value));
        return grid;
    }
}
