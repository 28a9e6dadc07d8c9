using System.Globalization;
using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs;

/// <summary>Reads shapes as the text form prints them: <c>N,3,4</c>; numbers are sizes, names symbols, the empty text a scalar.</summary>
internal static class Shapes
{
    public static Shape Parse(string text) => new(text.Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => long.TryParse(part, CultureInfo.InvariantCulture, out var size) ? Dimension.Of(size) : Dimension.Named(part)));

    /// <summary>An input of a shape, under a name that nothing else has.</summary>
    public static Value Input(this GraphBuilder builder, string shape, ElementType type = ElementType.Float32) =>
        builder.Input($"in-{Guid.NewGuid():N}", type, Parse(shape));
}
