using BiT.Graphs;
using BiT.Graphs.Differentiation;
using BiT.Tests.Unit.Graphs.Reference;

namespace BiT.Tests.Unit.Graphs.Cases;

/// <summary>One use of an operator on small data.</summary>
/// <param name="Operator">The operator that the case is about.</param>
/// <param name="Name">What is special about this use.</param>
/// <param name="Inputs">Data of the program's inputs; those of float32 are differentiated.</param>
/// <param name="Build">Appends the use to a program and returns its result.</param>
internal sealed record OperatorCase(string Operator, string Name, ReferenceTensor[] Inputs, Func<GraphBuilder, Value[], Value> Build)
{
    private const int WeightSeed = 4711;

    /// <summary>The result alone, as output <c>y</c> of inputs <c>x0, x1, ...</c></summary>
    public Graph Forward()
    {
        var builder = new GraphBuilder("forward");
        builder.Output("y", Build(builder, DeclareInputs(builder)));
        return builder.Build();
    }

    /// <summary>A loss that weights every element of the result differently (so that no error cancels out), output <c>loss</c>, and, if
    /// asked for, its gradient by each float32 input, outputs <c>d0, d1, ...</c></summary>
    /// <param name="gradients">Whether the gradients are outputs.</param>
    /// <param name="fused">Whether they are written with fused operators.</param>
    public CaseProgram WithLoss(bool gradients, bool fused = false)
    {
        var builder = new GraphBuilder("loss") { UsesFusedOperators = fused };
        var inputs = DeclareInputs(builder);
        var result = Build(builder, inputs);
        var weight = Sample.Real(WeightSeed, result.Shape.Sizes);
        var weighted = builder.Mul(result, builder.Input("w", ElementType.Float32, result.Shape));
        var loss = weighted.Shape.Rank == 0
            ? weighted
            : builder.ReduceSum(weighted, keepDimensions: false, [.. Enumerable.Range(0, weighted.Shape.Rank).Select(axis => (long)axis)]);
        builder.Output("y", result);
        builder.Output("loss", loss);
        if (gradients)
        {
            var targets = inputs.Where(input => input.Type == ElementType.Float32).ToArray();
            var derivatives = Backpropagation.Gradients(builder, loss, targets, builder.Scalar(1));
            for (var index = 0; index < targets.Length; index++)
                builder.Output("d" + targets[index].Name, derivatives[index]);
        }
        var data = Data();
        data.Add("w", weight);
        return new CaseProgram(builder.Build(), data);
    }

    /// <summary>The inputs by name.</summary>
    public Dictionary<string, ReferenceTensor> Data() => Inputs.Select((input, index) => ($"x{index}", input)).ToDictionary();

    public override string ToString() => $"{Operator}: {Name}";

    private Value[] DeclareInputs(GraphBuilder builder) =>
        [.. Inputs.Select((input, index) => builder.Input($"x{index}", input.Type, Shape.Of(input.Sizes)))];
}

/// <summary>A program and data for its inputs.</summary>
internal sealed record CaseProgram(Graph Graph, IReadOnlyDictionary<string, ReferenceTensor> Data);
