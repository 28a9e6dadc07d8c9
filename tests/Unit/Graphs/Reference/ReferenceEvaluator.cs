using BiT.Graphs;

namespace BiT.Tests.Unit.Graphs.Reference;

/// <summary>Runs a program in double precision with the naive functions of <see cref="ReferenceOperators"/>: the oracle of the builder's
/// shapes, of gradients and of ONNX Runtime's results.</summary>
internal static class ReferenceEvaluator
{
    /// <param name="inputs">By name, one for each input of the program that has a use.</param>
    /// <returns>The outputs by name.</returns>
    public static IReadOnlyDictionary<string, ReferenceTensor> Run(Graph graph, IReadOnlyDictionary<string, ReferenceTensor> inputs)
    {
        var values = new Dictionary<Value, ReferenceTensor>();
        foreach (var input in graph.Inputs)
        {
            if (input.Name is { } name && inputs.TryGetValue(name, out var given))
                Set(values, input, given);
        }
        foreach (var constant in graph.Constants)
        {
            if (constant.Constant is { } tensor)
                Set(values, constant, ReferenceTensor.Of(tensor));
        }
        foreach (var node in graph.Nodes)
        {
            var outputs = ReferenceOperators.Find(node.Operator)(node, [.. node.Inputs.Select(input => values[input])]);
            for (var index = 0; index < node.Outputs.Length; index++)
                Set(values, node.Outputs[index], outputs[index]);
        }
        return graph.Outputs.ToDictionary(output => output.Name, output => values[output.Value]);
    }

    // Shapes and types were inferred without the data; here the data shows whether they are right. A symbol fits every size.
    private static void Set(Dictionary<Value, ReferenceTensor> values, Value value, ReferenceTensor tensor)
    {
        var fits = tensor.Type == value.Type && tensor.Rank == value.Shape.Rank
            && value.Shape.Dimensions.Zip(tensor.Sizes).All(pair => !pair.First.IsStatic || pair.First.Size == pair.Second);
        if (!fits)
            throw new InvalidOperationException($"{value} evaluates to {tensor.Type}[{string.Join(",", tensor.Sizes)}].");
        values.Add(value, tensor);
    }
}
