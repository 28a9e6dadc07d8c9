using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Operators;

public sealed class ShapeInferenceTests
{
    public static TheoryData<string> Good => [.. GoodShapes.All.Select(row => row.ToString())];

    public static TheoryData<string> Refused => [.. RefusedShapes.All.Select(row => row.ToString())];

    [Theory]
    [MemberData(nameof(Good))]
    public void Node_WithFittingInputs_HasTheTypeOfTheSpecification(string name)
    {
        var row = GoodShapes.All.Single(row => row.ToString() == name);
        var value = row.Build(new GraphBuilder("test"));
        Assert.Equal(row.Expected, value.Type.ToText() + value.Shape);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Node_WithInputsThatDoNotFit_IsRefusedWithTheReason(string name)
    {
        var row = RefusedShapes.All.Single(row => row.ToString() == name);
        var builder = new GraphBuilder("test");
        var problem = Assert.Throws<GraphException>(() => row.Build(builder));
        Assert.Contains(row.Expected, problem.Message, StringComparison.Ordinal);
        Assert.Contains(row.Operator, problem.Message, StringComparison.Ordinal);
        Assert.Empty(builder.Nodes);
    }
}
