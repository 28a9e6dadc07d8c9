using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs;

public sealed class GraphBuilderTests
{
    private readonly GraphBuilder _builder = new("test");

    [Fact]
    public void Build_DropsNodesThatReachNoOutput_AndKeepsTheOrderOfTheRest()
    {
        var x = _builder.Input("x", ElementType.Float32, Shape.Of(2));
        var first = _builder.Exp(x);
        _builder.Log(first);
        _builder.Output("y", _builder.Sqrt(first));

        Assert.Equal(["Exp", "Sqrt"], _builder.Build().Nodes.Select(node => node.Operator));
    }

    [Fact]
    public void Output_OfAnInputOrOfAnOutput_GoesThroughIdentity()
    {
        var x = _builder.Input("x", ElementType.Float32, Shape.Of(2));
        var y = _builder.Exp(x);
        _builder.Output("y", y);
        _builder.Output("same", y);
        _builder.Output("input", x);
        _builder.Output("constant", _builder.Scalar(1));

        var outputs = _builder.Build().Outputs;

        Assert.Equal(["Exp", "Identity", "Identity", "Identity"], outputs.Select(output => output.Value.Producer?.Operator));
        Assert.Distinct(outputs.Select(output => output.Value));
    }

    [Fact]
    public void Constant_SmallAndUnnamed_IsSharedByContentTypeAndShape()
    {
        Assert.Same(_builder.Scalar(1), _builder.Scalar(1));
        Assert.NotSame(_builder.Scalar(0), _builder.Scalar(-0f));
        Assert.NotSame(_builder.Scalar(1), _builder.Constant(Tensor.Of(Shape.Of(1), [1f])));
        Assert.NotSame(_builder.Scalar(1), _builder.Constant(Tensor.Scalar(1), "named"));
        var large = Tensor.Of(Shape.Of(65), new float[65]);
        Assert.NotSame(_builder.Constant(large), _builder.Constant(large));
    }

    [Fact]
    public void Build_WithoutOutput_IsRefused() => Refuse(() => _builder.Build(), "Program 'test' has no output");

    [Fact]
    public void Append_OfAValueOfAnotherProgram_IsRefused()
    {
        var foreign = new GraphBuilder("other").Input("x", ElementType.Float32, Shape.Of(2));
        Refuse(() => _builder.Exp(foreign), "Value x: float32[2] belongs to another program than 'test'");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    public void Name_TakenOrEmpty_IsRefused(string name)
    {
        var x = _builder.Input("x", ElementType.Float32, Shape.Of(2));
        Refuse(() => _builder.Input(name, ElementType.Float32, Shape.Of(2)), $"Name '{name}' is empty or taken in program 'test'");
        Refuse(() => _builder.Constant(Tensor.Scalar(1), name), $"Name '{name}' is empty or taken");
        Refuse(() => _builder.Output(name, x), $"Name '{name}' is empty or taken");
    }

    [Fact]
    public void Tensor_WithBytesThatDoNotFit_IsRefused() =>
        Refuse(() => new Tensor(ElementType.Float32, Shape.Of(2, 3), new byte[20]), "A float32 tensor of shape [2,3] has 24 bytes; got 20");

    [Fact]
    public void Tensor_WithMoreElementsThanCanBeCounted_IsRefused() =>
        Refuse(
            () => new Tensor(ElementType.Float32, Shape.Of(1L << 40, 1L << 40), new byte[4]), "has more elements than an int64 can count");

    private static void Refuse(Func<object> act, string fragment) =>
        Assert.Contains(fragment, Assert.Throws<GraphException>(act).Message, StringComparison.Ordinal);

    private static void Refuse(Action act, string fragment) =>
        Assert.Contains(fragment, Assert.Throws<GraphException>(act).Message, StringComparison.Ordinal);
}
