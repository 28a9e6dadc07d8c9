using BiT.Graphs;
using BiT.Tests.Unit.Graphs.Reference;
using BiT.Tests.Unit.Graphs.Serialization;
using CsCheck;

namespace BiT.Tests.Unit.Runtime.Kernels;

/// <summary>Every kernel on random shapes against the naive functions in double precision.</summary>
public sealed class KernelPropertyTests
{
    private const int Runs = 60;

    // float32: sums of some thousand products, each rounded to 2^-24 of the sum's terms, behind a normalisation of the size of 1.
    private const double Tolerance = 1e-4;

    private static readonly Attributes Window3 = Attributes.None.With("kernel_shape", 3, 3).With("strides", 1, 1).With("pads", 1, 1, 1, 1);
    private static readonly Gen<long> Small = Gen.Long[1, 5];
    private static readonly Gen<long> Side = Gen.Long[1, 19];

    [Fact]
    public void GroupNormRelu_AnyShape_EqualsItsDefinition() =>
        Gen.Select(Small, Small, Gen.Long[1, 4], Side, Side, Gen.Int).Sample((images, perGroup, groups, height, width, seed) =>
        {
            long[] image = [images, perGroup * groups, height, width];
            var attributes = Attributes.None.With("groups", [groups]).With("epsilon", 1e-5f);
            var random = new Random(seed);
            var (x, gamma, beta) = (Numbers(random, image), Numbers(random, image[1]), Numbers(random, image[1]));
            Check("GroupNormRelu", attributes, x, gamma, beta);
            // Where an output is about 0, rounding decides whether its gradient passes: no such case.
            var y = Evaluate("GroupNormRelu", attributes, [x, gamma, beta]).Run(withKernels: null)["y0"];
            if (y.Values.All(value => value is 0 or > 1e-4))
            {
                var dy = Numbers(random, image);
                Check("GroupNormReluGradient", attributes, x, gamma, beta, dy);
                Check("GroupNormReluGradientAdd", attributes, x, gamma, beta, dy, Numbers(random, image));
            }
        }, iter: Runs);

    [Fact]
    public void StandardizeWeights_AnyShape_EqualsItsDefinition() =>
        Gen.Select(Small, Gen.Long[1, 40], Gen.Int[0, 2].Select(index => new long[] { 1, 3, 7 }[index]), Gen.Int).Sample((outputs, inputs, side, seed) =>
        {
            // One element has no variance: 0 / epsilon is fine, but nothing to compare.
            var kernel = Numbers(new Random(seed), outputs, inputs + 1, side, side);
            Check("StandardizeWeights", Attributes.None.With("epsilon", 1e-10f), kernel);
            Check("StandardizeWeightsGradient", Attributes.None.With("epsilon", 1e-10f), kernel, Numbers(new Random(seed + 1), kernel.Sizes));
        }, iter: Runs);

    [Fact]
    public void Convolutions_AnyShape_EqualTheirDefinitions() =>
        Gen.Select(Gen.Select(Small, Gen.Long[1, 20], Gen.Long[1, 40]), Gen.Select(Gen.Long[1, 9], Gen.Long[1, 9]),
            Gen.Select(Gen.Int[0, 2].Select(index => new long[] { 1, 3, 7 }[index]), Gen.Long[1, 2]), Gen.Int).Sample((channels, map, window, seed) =>
        {
            var ((images, inputs, outputs), (height, width), (side, stride)) = (channels, map, window);
            var attributes = Attributes.None.With("kernel_shape", side, side).With("strides", stride, stride)
                .With("pads", side / 2, side / 2, side / 2, side / 2);
            var random = new Random(seed);
            var (image, kernel) = (Numbers(random, images, inputs, height, width), Numbers(random, outputs, inputs, side, side));
            var gradient = Numbers(random, images, outputs, (height - 1) / stride + 1, (width - 1) / stride + 1);
            Check("ConvKernelGradient", attributes, image, gradient);
            Check("TurnKernel", Attributes.None, kernel);
            if (side == 7)
                return;
            Check("Convolution", attributes, image, kernel);
            Check("ConvInputGradient", attributes.With("output_padding", (height - 1) % stride, (width - 1) % stride), gradient, kernel);
        }, iter: Runs);

    // Wide enough for tasks of several blocks of channels, and a remainder.
    [Theory]
    [InlineData(130, 35, 1)]
    [InlineData(35, 270, 1)]
    [InlineData(267, 130, 2)]
    [InlineData(64, 130, 2)]
    public void ConvKernelGradient_OfManyChannels_EqualsItsDefinition(long inputs, long outputs, long stride)
    {
        var random = new Random(1);
        Check("ConvKernelGradient", Attributes.None.With("kernel_shape", 1, 1).With("strides", stride, stride).With("pads", 0, 0, 0, 0),
            Numbers(random, 2, inputs, 5, 4), Numbers(random, 2, outputs, 4 / stride + 1, 3 / stride + 1));
    }

    // Several blocks of tiles, the last one in part; slices of channels and groups of outputs; maps from one column to 70, which is more than two vectors of tiles.
    [Theory]
    [InlineData(3, 130, 70, 9, 11)]
    [InlineData(2, 64, 8, 4, 4)]
    [InlineData(1, 3, 65, 2, 70)]
    [InlineData(5, 33, 9, 16, 1)]
    public void TiledConvolution_OfManyChannels_EqualsItsDefinition(long images, long inputs, long outputs, long height, long width)
    {
        var random = new Random(1);
        var kernel = Numbers(random, outputs, inputs, 3, 3);
        Check("Convolution", Window3, Numbers(random, images, inputs, height, width), kernel);
        Check("ConvInputGradient", Window3.With("output_padding", 0, 0), Numbers(random, images, outputs, height, width), kernel);
    }

    // Sums of 512 channels: twice the error of a direct convolution in float32 at most, though products are of differences.
    [Fact]
    public void TiledConvolution_OfManyChannels_IsAsExactAsADirectOne()
    {
        var random = new Random(1);
        var inputs = new[] { Numbers(random, 1, 512, 8, 8), Numbers(random, 8, 512, 3, 3) };
        var one = Evaluate("Convolution", Window3, inputs);
        var (expected, tiled, direct) = (one.Run(withKernels: null)["y0"], one.Run(withKernels: true)["y0"], one.Run(withKernels: false)["y0"]);

        Assert.NotEqual(direct.Values, tiled.Values);
        Assert.InRange(Deviation(tiled), 0, 2 * Deviation(direct));

        double Deviation(ReferenceTensor result) =>
            Math.Sqrt(result.Values.Zip(expected.Values).Average(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));
    }

    [Fact]
    public void TiledConvolution_OfNoChannels_IsZero()
    {
        var y = Evaluate("Convolution", Window3, [Numbers(new Random(1), 1, 0, 8, 8), Numbers(new Random(1), 16, 0, 3, 3)]).Run(withKernels: true)["y0"];

        Assert.Equal(new double[16 * 64], y.Values);
    }

    [Fact]
    public void TiledConvolution_NaNAndInfinity_ReachTheirWindowAndNothingElse()
    {
        var image = Numbers(new Random(1), 2, 3, 8, 8);
        // Row 3, column 3 of the first image, row 0, column 7 of the second.
        image.Values[3 * 8 + 3] = double.NaN;
        image.Values[3 * 64 + 7] = double.PositiveInfinity;

        var y = Evaluate("Convolution", Window3, [image, Numbers(new Random(2), 1, 3, 3, 3)]).Run(withKernels: true)["y0"];

        Assert.All(ReferenceTensor.Indices(y.Sizes), at => Assert.Equal(
            at[0] == 0 ? at[2] is < 2 or > 4 || at[3] is < 2 or > 4 : at[2] > 1 || at[3] < 6, double.IsFinite(y.At(at))));
    }

    [Fact]
    public void MaxPoolGradient_AnyShapeWithTies_EqualsItsDefinition() =>
        Gen.Select(Small, Small, Side, Side, Gen.Int).Sample((images, channels, height, width, seed) =>
        {
            var random = new Random(seed);
            var image = ReferenceTensor.Compute(ElementType.Float32, [images, channels, height, width], _ => random.Next(-2, 3));
            Check("MaxPoolGradient", Attributes.None.With("kernel_shape", 3, 3).With("strides", 2, 2).With("pads", 1, 1, 1, 1),
                image, Numbers(random, images, channels, (height - 1) / 2 + 1, (width - 1) / 2 + 1));
        }, iter: Runs);

    [Fact]
    public void MomentumStep_AnyLength_EqualsItsDefinition() => Gen.Select(Gen.Long[1, 200], Gen.Int).Sample((count, seed) =>
    {
        var random = new Random(seed);
        Check("MomentumStep", Attributes.None, Numbers(random, count), Numbers(random, count), Numbers(random, count),
            Numbers(random, 1), Numbers(random, 1), Numbers(random, 1));
    }, iter: Runs);

    [Fact]
    public void GroupNormRelu_VarianceZero_IsBetaAndHasFiniteGradients()
    {
        var attributes = Attributes.None.With("groups", [2L]).With("epsilon", 1e-5f);
        var image = ReferenceTensor.Compute(ElementType.Float32, [2, 4, 9, 9], _ => 0.25);
        var beta = ReferenceTensor.Compute(ElementType.Float32, [4], at => at[0] - 1.5);
        var inputs = new[] { image, Numbers(new Random(1), 4), beta, Numbers(new Random(2), 2, 4, 9, 9) };

        var y = Evaluate("GroupNormRelu", attributes, inputs[..3]).Run(withKernels: true)["y0"];
        var gradients = Evaluate("GroupNormReluGradient", attributes, inputs).Run(withKernels: true);

        Assert.All(ReferenceTensor.Indices(y.Sizes), at => Assert.Equal(Math.Max(0, at[1] - 1.5), y.At(at), 1e-6));
        Assert.All(gradients.Values, gradient => Assert.All(gradient.Values, value => Assert.True(double.IsFinite(value))));
    }

    // The gradient may take the place of dy, where dy is read no more: here it is the summand, too, and then also an output of the program.
    [Theory]
    [InlineData(9, false)]
    [InlineData(3, false)]
    [InlineData(9, true)]
    [InlineData(3, true)]
    public void GroupNormReluGradientAdd_OfAGradientThatIsReadAgain_LeavesItAlone(int side, bool isOutput)
    {
        var b = new GraphBuilder("twice");
        var random = new Random(1);
        var data = new Dictionary<string, ReferenceTensor>
        {
            ["x"] = Numbers(random, 2, 4, side, side), ["v"] = Numbers(random, 4), ["g"] = Numbers(random, 2, 4, side, side),
        };
        var values = data.ToDictionary(entry => entry.Key, entry => b.Input(entry.Key, ElementType.Float32, Shape.Of(entry.Value.Sizes)));
        // Not an input of the program: those are never overwritten.
        var dy = b.Add(values["g"], values["x"]);
        var attributes = Attributes.None.With("groups", [2L]).With("epsilon", 1e-5f);
        // Outputs of the program have memory of their own: the gradient must not be one.
        b.Output("product", b.Mul(b.Append("GroupNormReluGradientAdd", [values["x"], values["v"], values["v"], dy, dy], attributes).Outputs[0], values["x"]));
        if (isOutput)
            b.Output("dy", dy);
        var one = new OneOperator(b.Build(), data);

        AssertEqual(one.Run(withKernels: null), one.Run(withKernels: true));
    }

    // One gradient after the other in the same place.
    [Theory]
    [InlineData(9)]
    [InlineData(3)]
    public void Gradients_InThePlaceOfTheirInput_EqualTheirDefinition(int side)
    {
        var b = new GraphBuilder("in place");
        var random = new Random(2);
        var data = new Dictionary<string, ReferenceTensor>
        {
            ["x"] = Numbers(random, 2, 4, side, side), ["v"] = Numbers(random, 4), ["g"] = Numbers(random, 2, 4, side, side),
        };
        var values = data.ToDictionary(entry => entry.Key, entry => b.Input(entry.Key, ElementType.Float32, Shape.Of(entry.Value.Sizes)));
        var norm = Attributes.None.With("groups", [2L]).With("epsilon", 1e-5f);
        var dx = b.Append("GroupNormReluGradient", [values["x"], values["v"], values["v"], b.Add(values["g"], values["x"])], norm).Outputs[0];
        var sum = b.Append("GroupNormReluGradientAdd", [values["x"], values["v"], values["v"], dx, values["g"]], norm).Outputs[0];
        var dw = b.Append("StandardizeWeightsGradient", [values["x"], sum], Attributes.None.With("epsilon", 1e-10f)).Outputs[0];
        b.Output("product", b.Mul(dw, values["x"]));
        var one = new OneOperator(b.Build(), data);

        AssertEqual(one.Run(withKernels: null), one.Run(withKernels: true));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(3)]
    public void GroupNormRelu_NaN_SpoilsItsGroupAndNoOther(int side)
    {
        var attributes = Attributes.None.With("groups", [2L]).With("epsilon", 1e-5f);
        var image = Numbers(new Random(1), 1, 4, side, side);
        image.Values[0] = double.NaN;
        var inputs = new[] { image, Numbers(new Random(2), 4), Numbers(new Random(3), 4), Numbers(new Random(4), 1, 4, side, side) };

        var y = Evaluate("GroupNormRelu", attributes, inputs[..3]).Run(withKernels: true)["y0"].Values;
        var dx = Evaluate("GroupNormReluGradient", attributes, inputs).Run(withKernels: true)["y0"].Values;

        var half = y.Length / 2;
        Assert.All(y[..half].Concat(dx[..half]), value => Assert.True(double.IsNaN(value)));
        Assert.All(y[half..].Concat(dx[half..]), value => Assert.True(double.IsFinite(value)));
    }

    [Fact]
    public void ConvKernelGradient_NaNAndInfinity_ReachTheResult()
    {
        var attributes = Attributes.None.With("kernel_shape", 1, 1).With("strides", 1, 1).With("pads", 0, 0, 0, 0);
        var image = Numbers(new Random(1), 1, 2, 4, 4);
        image.Values[3] = double.NaN;
        image.Values[20] = double.PositiveInfinity;

        var dw = Evaluate("ConvKernelGradient", attributes, [image, Numbers(new Random(2), 1, 1, 4, 4)]).Run(withKernels: true)["y0"].Values;

        Assert.True(double.IsNaN(dw[0]));
        Assert.True(double.IsInfinity(dw[1]));
    }

    private static void Check(string @operator, Attributes attributes, params ReferenceTensor[] inputs)
    {
        var one = Evaluate(@operator, attributes, inputs);
        AssertEqual(one.Run(withKernels: null), one.Run(withKernels: true));
    }

    private static void AssertEqual(IReadOnlyDictionary<string, ReferenceTensor> expected, IReadOnlyDictionary<string, ReferenceTensor> actual)
    {
        foreach (var (name, reference) in expected)
        {
            Assert.Equal(reference.Sizes, actual[name].Sizes);
            var largest = Math.Max(1, reference.Values.Max(Math.Abs));
            Assert.All(reference.Values.Zip(actual[name].Values), pair => Assert.Equal(pair.First, pair.Second, Tolerance * largest));
        }
    }

    private static OneOperator Evaluate(string @operator, Attributes attributes, ReferenceTensor[] inputs)
    {
        var b = new GraphBuilder("one");
        var values = inputs.Select((input, index) => b.Input($"x{index}", ElementType.Float32, Shape.Of(input.Sizes))).ToArray();
        var outputs = b.Append(@operator, values, attributes).Outputs;
        for (var index = 0; index < outputs.Length; index++)
            b.Output($"y{index}", outputs[index]);
        return new OneOperator(b.Build(), inputs.Select((input, index) => ($"x{index}", input)).ToDictionary());
    }

    private static ReferenceTensor Numbers(Random random, params long[] sizes) =>
        ReferenceTensor.Compute(ElementType.Float32, sizes, _ => (float)(random.NextDouble() * 2 - 1));

    private sealed record OneOperator(Graph Graph, Dictionary<string, ReferenceTensor> Data)
    {
        // Null: the reference evaluator.
        public IReadOnlyDictionary<string, ReferenceTensor> Run(bool? withKernels) => withKernels is { } kernels
            ? OnnxRuntimeProgram.Run(Graph, Data, kernels, threads: 2)
            : ReferenceEvaluator.Run(Graph, Data);
    }
}
