using BiT.Bench.Products;
using BiT.Bench.Workloads;
using BiT.Core.Runtime;
using BiT.Graphs;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Bench.Products;

public sealed class ProductNodesTests
{
    [Fact]
    public void Operations_OfEachProduct_AreTwoPerMultiplication()
    {
        var b = new GraphBuilder("products");
        var image = b.Input("image", ElementType.Float32, new Shape(Dimension.Named("N"), 3, 8, 8));
        var kernel = b.Input("kernel", ElementType.Float32, Shape.Of(5, 3, 3, 3));
        var result = b.Conv(image, kernel, stride: 2, [1, 1, 1, 1]);
        b.Output("forward", b.Relu(result));
        b.Output("backward", b.ConvTranspose(result, kernel, [2, 2], [1, 1, 1, 1], [1, 1]));
        b.Output("kernel gradient", b.ConvKernelGradient(image, result, kernel: 3, stride: 2));
        b.Output("product", b.MatMul(b.Input("rows", ElementType.Float32, Shape.Of(7, 11)), b.Input("columns", ElementType.Float32, Shape.Of(11, 13))));
        var graph = b.Build();

        // Each of the three convolutions: 4x4 positions of N images, 5 filters of 3x3x3.
        var each = 2 * 16 * 5 * 27;
        Assert.Equal(2 * (3 * each) + 2 * 7 * 11 * 13, ProductNodes.Operations(graph, batch: 2));
        Assert.Equal(["Conv", "ConvTranspose", "ConvKernelGradient", "MatMul"], ProductNodes.Of(graph).Select(node => node.Operator));
    }

    // He et al. (arXiv 1512.03385, table 1) count 3.8e9 multiplications for a ResNet-50 whose stride is in the 1x1 convolution; in the 3x3, as
    // here, they are 4.1e9 (Goyal et al., arXiv 1706.02677, and torchvision's 4.09 GFLOPs).
    [Fact]
    public void Operations_OfResNet50_AreThoseOfTheLiterature()
    {
        var workload = new Workload(BitNetwork.ByName("R50x1"), 1, 224, new RuntimeOptions());
        var graph = Inference.Graph(workload, InferenceNorm.None, (_, shape) => Tensor.Of(shape, new float[shape.ElementCount]));

        Assert.InRange(ProductNodes.Operations(graph, batch: 1), 2 * 4.05e9, 2 * 4.15e9);
    }

    // Backward, a convolution costs as much for its kernel as forward, and again for its image: but the root's image needs no gradient.
    [Fact]
    public void Operations_OfATrainingStep_AreThreeForwardPassesLessTheRoot()
    {
        var workload = new Workload(BitNetwork.ByName("bit-tiny"), 4, 64, new RuntimeOptions());
        var forward = ProductNodes.Operations(Inference.Graph(workload, InferenceNorm.None, (_, shape) => Tensor.Of(shape, new float[shape.ElementCount])), batch: 4);
        var root = 2.0 * 4 * 32 * 32 * workload.Network.RootWidth * 3 * 7 * 7;

        Assert.Equal(3 * forward - root, ProductNodes.Operations(TrainStep.Training(workload, fused: true), batch: 4));
    }
}
