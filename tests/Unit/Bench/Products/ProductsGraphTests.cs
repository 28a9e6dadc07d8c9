using BiT.Bench.Products;
using BiT.Bench.Workloads;
using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Bench.Products;

public sealed class ProductsGraphTests
{
    private static readonly Workload Tiny = new(BitNetwork.ByName("bit-tiny"), 2, 32, new RuntimeOptions { IntraOpThreads = 1 });

    [Fact]
    public void Graph_OfATrainingStep_HasItsProductsAndNothingElse()
    {
        var step = TrainStep.Training(Tiny, fused: true);
        var expected = ProductNodes.Of(step).ToArray();

        var products = ProductsGraph.Of(step);

        Assert.Equal(expected.Select(node => $"{node} {string.Join(" ", node.Attributes.All)}"),
            products.Nodes.Select(node => $"{node} {string.Join(" ", node.Attributes.All)}"));
        Assert.Equal(ProductNodes.Operations(step, 2), ProductNodes.Operations(products, 2));
        // What two products read, as an image forward and for its kernel's gradient, is one input; nothing else is shared.
        Assert.Equal(expected.SelectMany(node => node.Inputs).Distinct().Count(), products.Inputs.Length);
        Assert.Equal(expected.Length, products.Outputs.Length);
    }

    [Fact]
    public void Products_OfATrainingStep_Run()
    {
        using var folder = new TemporaryFolder();
        using var products = new ProductsAlone(TrainStep.Training(Tiny, fused: true), Tiny.WithKernels(managed: true), new ArtifactCache(folder.Path));

        products.Run();
        products.Run();
    }
}
