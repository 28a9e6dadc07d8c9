using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Operators;

/// <summary>A use of an operator and the type that it must have, as the text form prints it, or the fragment of the refusal's
/// message.</summary>
internal sealed record ShapeRow(string Operator, string Name, string Expected, Func<GraphBuilder, Value> Build)
{
    public override string ToString() => $"{Operator}: {Name}";
}
