using BiT.Graphs;
using BiT.Graphs.Differentiation;
using BiT.Tests.Unit.Graphs.Reference;

namespace BiT.Tests.Unit.Graphs.Differentiation;

public sealed class BackpropagationTests
{
    private readonly GraphBuilder _builder = new("test");

    [Fact]
    public void Gradient_OfAValueUsedTwice_AddsUp()
    {
        // x * x + 3 x at 2: 2 * 2 + 3.
        var x = Scalar("x");
        var loss = _builder.Add(_builder.Mul(x, x), _builder.Mul(_builder.Scalar(3), x));

        Assert.Equal([7], Evaluate(loss, [x], ("x", 2)));
    }

    [Fact]
    public void Gradients_OfATargetThatFeedsAnother_HoldThePathThroughIt()
    {
        // y = x^2, loss = y * x: d/dy = x = 3, d/dx = 3 x^2 = 27.
        var x = Scalar("x");
        var y = _builder.Mul(x, x);

        Assert.Equal([3, 27], Evaluate(_builder.Mul(y, x), [y, x], ("x", 3)));
    }

    [Fact]
    public void Gradients_ScaleWithTheSeed()
    {
        var x = Scalar("x");
        var loss = _builder.Mul(x, x);
        _builder.Output("dx", Backpropagation.Gradients(_builder, loss, [x], _builder.Scalar(8))[0]);

        Assert.Equal(8 * 2 * 5, Run(("x", 5))["dx"].Values[0]);
    }

    [Fact]
    public void Gradient_OfTheLossByItself_IsTheSeed()
    {
        var loss = _builder.Neg(Scalar("x"));
        var seed = _builder.Scalar(1);
        var complete = new List<(Value, Value)>();

        var gradients = Backpropagation.Gradients(_builder, loss, [loss], seed, (target, gradient) => complete.Add((target, gradient)));

        Assert.Same(seed, Assert.Single(gradients));
        Assert.Equal([(loss, seed)], complete);
    }

    [Fact]
    public void Gradients_OfANodeBesideThePath_AreNotAppended()
    {
        var (x, constant) = (Scalar("x"), Scalar("c"));
        var loss = _builder.Mul(x, _builder.Exp(constant));
        _builder.Log(x);
        var before = _builder.Nodes.Count;

        Backpropagation.Gradients(_builder, loss, [x], _builder.Scalar(1));

        Assert.Equal(["Mul"], _builder.Nodes.Skip(before).Select(node => node.Operator));
    }

    [Fact]
    public void OnGradient_IsCalledOncePerTarget_WithTheCompleteGradient()
    {
        var (first, second, third) = (Scalar("a"), Scalar("b"), Scalar("c"));
        var hidden = _builder.Mul(first, second);
        var loss = _builder.Add(_builder.Mul(hidden, third), _builder.Mul(second, third));
        var calls = new List<(Value Target, Value Gradient)>();

        var gradients = Backpropagation.Gradients(
            _builder, loss, [first, second, third, hidden], _builder.Scalar(1), (target, gradient) => calls.Add((target, gradient)));

        // From the loss backwards; b and c are complete only after both of their uses.
        Assert.Equal([hidden, third, first, second], calls.Select(call => call.Target));
        Assert.Equal([gradients[3], gradients[2], gradients[0], gradients[1]], calls.Select(call => call.Gradient));
    }

    [Fact]
    public void OnGradient_MayAppendNodes_WhichRunBeforeTheRestOfTheSweep()
    {
        var (early, late) = (Scalar("early"), Scalar("late"));
        var loss = _builder.Mul(_builder.Exp(early), late);
        Backpropagation.Gradients(_builder, loss, [early, late], _builder.Scalar(1),
            (target, gradient) => _builder.Output($"new {target.Name}", _builder.Sub(target, gradient)));

        var operators = _builder.Nodes.Skip(2).Select(node => node.Operator);

        Assert.Equal(["Mul", "Mul", "Sub", "Mul", "Sub"], operators);
        var results = Run(("early", 0), ("late", 3));
        Assert.Equal((-3, 2), (results["new early"].Values[0], results["new late"].Values[0]));
    }

    [Fact]
    public void Target_GivenTwice_HasItsGradientTwiceAndOneCall()
    {
        var x = Scalar("x");
        var calls = 0;

        var gradients = Backpropagation.Gradients(_builder, _builder.Exp(x), [x, x], _builder.Scalar(1), (_, _) => calls++);

        Assert.Same(gradients[0], gradients[1]);
        Assert.Equal(1, calls);
    }

    [Fact]
    public void Target_ThatDoesNotReachTheLoss_IsNamed()
    {
        var (x, stray) = (Scalar("x"), Scalar("stray"));

        RejectGradients(_builder.Exp(x), [x, stray], "Target stray: float32[] does not reach the loss");
    }

    [Fact]
    public void Target_BehindTheLoss_IsNamed()
    {
        var loss = _builder.Exp(Scalar("x"));

        RejectGradients(loss, [_builder.Log(loss)], "Target Log: float32[] does not reach the loss");
    }

    [Fact]
    public void Loss_WithSeveralElements_IsRefused()
    {
        var x = _builder.Input("x", ElementType.Float32, Shape.Of(2));

        RejectGradients(_builder.Exp(x), [x], "A loss is a floating-point value with one element; got Exp: float32[2]");
    }

    [Fact]
    public void Loss_OfAnIntegerType_IsRefused()
    {
        var loss = _builder.Cast(Scalar("x"), ElementType.Int64);

        RejectGradients(loss, [], "A loss is a floating-point value with one element; got Cast: int64[]");
    }

    [Fact]
    public void Seed_OfAnotherShape_IsRefused()
    {
        var x = Scalar("x");
        var problem = Assert.Throws<GraphException>(() => Backpropagation.Gradients(
            _builder, _builder.Exp(x), [x], _builder.Constant(Tensor.Of(Shape.Of(1), [1f]))));

        Assert.Contains("has another type or shape than the loss", problem.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> NotDifferentiable => new()
    {
        { "Greater", "Where has no gradient by its input 0" },
        { "Equal", "Where has no gradient by its input 0" },
        { "OneHot", "OneHot is not differentiable: it is piecewise constant" },
        { "Cast", "Cast from Int64 to Float32 is not differentiable" },
        { "ConvTranspose", "ConvTranspose is not differentiable: it appears in gradients only" },
        { "InstanceNormalization", "InstanceNormalization is not differentiable: it appears in inference only" },
        { "LayerNormalization", "LayerNormalization is not differentiable: only the training builds of ONNX Runtime have its gradient" },
        { "Dilated", "Conv has a gradient without dilations only; got [2,2]" },
        { "Indices", "Gather has no gradient by its input 1" },
        { "Gather", "Gather has a gradient for indices of rank 1" },
        { "Updates", "ScatterElements has a gradient by its updates for data of rank 1" },
        { "Empty", "A slice of 0 elements on axis 0 has no gradient" },
    };

    [Theory]
    [MemberData(nameof(NotDifferentiable))]
    public void Path_ThroughAnOperatorWithoutGradient_IsRefused(string path, string fragment)
    {
        var b = _builder;
        var x = b.Input("x", ElementType.Float32, Shape.Of(1, 1, 3, 3));
        var scale = b.Constant(Tensor.Of(Shape.Of(1), [1f]));
        var whole = b.Cast(x, ElementType.Int64);
        var kernel = b.Constant(Tensor.Of(Shape.Of(1, 1, 2, 2), [1f, 2f, 3f, 4f]));
        var result = path switch
        {
            "Greater" => b.Where(b.Greater(x, b.Scalar(0)), x, b.Scalar(0)),
            "Equal" => b.Where(b.Equal(x, b.Scalar(0)), x, b.Scalar(0)),
            "OneHot" => b.OneHot(whole, 2),
            "Cast" => b.Cast(whole, ElementType.Float32),
            "ConvTranspose" => b.ConvTranspose(x, kernel, [1, 1], [0, 0, 0, 0], [0, 0]),
            "InstanceNormalization" => b.InstanceNormalization(x, scale, scale, 1e-5f),
            "LayerNormalization" => b.LayerNormalization(x, b.Constant(Tensor.Of(Shape.Of(3), [1f, 1f, 1f])), 1e-5f),
            "Dilated" => b.Append("Conv", [x, kernel], Attributes.None.With("dilations", 2, 2)).Outputs[0],
            "Indices" => b.Gather(scale, b.MaxPool(x, 3, 1).Producer?.Outputs[1] ?? x, 0),
            "Gather" => b.Gather(x, b.Constant(new Tensor(ElementType.Int64, Shape.Of(1, 1), new byte[8])), 3),
            "Updates" =>
                b.ScatterAdd(b.Expand(b.Scalar(0), x.Shape), b.Constant(new Tensor(ElementType.Int64, x.Shape, new byte[72])), x, 0),
            "Empty" => b.Concat(0, x, b.Slice(x, 0, 1, 1)),
            _ => throw new ArgumentOutOfRangeException(nameof(path), path, "is no path of this test"),
        };
        var loss = b.ReduceSum(result, keepDimensions: false, [.. Enumerable.Range(0, result.Shape.Rank).Select(axis => (long)axis)]);

        RejectGradients(loss, [x], fragment);
    }

    private void RejectGradients(Value loss, IReadOnlyList<Value> targets, string fragment)
    {
        var problem = Assert.Throws<GraphException>(() => Backpropagation.Gradients(_builder, loss, targets, _builder.Scalar(1)));
        Assert.Contains(fragment, problem.Message, StringComparison.Ordinal);
    }

    private Value Scalar(string name) => _builder.Input(name, ElementType.Float32, Shape.Scalar);

    private double[] Evaluate(Value loss, Value[] targets, params (string, double)[] data)
    {
        var gradients = Backpropagation.Gradients(_builder, loss, targets, _builder.Scalar(1));
        for (var index = 0; index < targets.Length; index++)
            _builder.Output($"d{index}", gradients[index]);
        var results = Run(data);
        return [.. targets.Select((_, index) => results[$"d{index}"].Values[0])];
    }

    private IReadOnlyDictionary<string, ReferenceTensor> Run(params (string Name, double Value)[] data) => ReferenceEvaluator.Run(
        _builder.Build(), data.ToDictionary(one => one.Name, one => new ReferenceTensor(ElementType.Float32, [], [one.Value])));
}
