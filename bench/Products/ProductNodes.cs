using BiT.Graphs;

namespace BiT.Bench.Products;

/// <summary>Which nodes of a program are convolutions, their gradients or matrix products, and what they have to compute.</summary>
internal static class ProductNodes
{
    public static IEnumerable<Node> Of(Graph graph) => graph.Nodes.Where(IsProduct);

    /// <summary>Floating-point operations of all products: two for each multiplication that is added, also of zeros in the padding.</summary>
    /// <param name="graph">The program.</param>
    /// <param name="batch">Stands for dimensions without a size.</param>
    public static double Operations(Graph graph, int batch) => Of(graph).Sum(node => Operations(node, batch));

    private static bool IsProduct(Node node) =>
        node.Operator is "Conv" or "ConvTranspose" or "MatMul" or "Convolution" or "ConvInputGradient" or "ConvKernelGradient";

    private static double Operations(Node node, int batch)
    {
        double Elements(Value value) => value.Shape.Dimensions.Aggregate(1.0, (count, dimension) => count * (dimension.IsStatic ? dimension.Size : batch));
        double PerFilter(Value kernel) => Elements(kernel) / kernel.Shape[0].Size;
        return node.Operator switch
        {
            "Conv" or "Convolution" => 2 * Elements(node.Outputs[0]) * PerFilter(node.Inputs[1]),
            "ConvTranspose" or "ConvInputGradient" => 2 * Elements(node.Inputs[0]) * PerFilter(node.Inputs[1]),
            "ConvKernelGradient" => 2 * Elements(node.Inputs[1]) * PerFilter(node.Outputs[0]),
            "MatMul" => 2 * Elements(node.Outputs[0]) * node.Inputs[0].Shape[node.Inputs[0].Shape.Rank - 1].Size,
            _ => throw new ArgumentException($"{node} is no product.", nameof(node)),
        };
    }
}
