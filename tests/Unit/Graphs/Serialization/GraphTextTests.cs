using System.Security.Cryptography;
using BiT.Graphs;
using BiT.Graphs.Serialization;

namespace BiT.Tests.Unit.Graphs.Serialization;

/// <summary>Hashes of programs are stored with artifacts and models: the text form must not change by accident.</summary>
public sealed class GraphTextTests
{
    private const string Text = """
        program dense
        metadata about = a test
        input x: float32[N,3]
        constant kernel: float32[3,2] = 1 -2 0.5 0.1 1E-05 16777216
        constant c0: int64[1] = 1
        v0: float32[N,2] = MatMul(x, kernel)
        v1: float32[N,2] = LogSoftmax(v0) axis=-1
        loss: float32[N,1] = ReduceSum(v1, c0) keepdims=1
        output loss: float32[N,1]

        """;

    [Fact]
    public void Print_OfASmallProgram_IsThisText() => Assert.Equal(Text.ReplaceLineEndings("\n"), GraphText.Print(Dense(1)));

    [Fact]
    public void Hash_OfASmallProgram_IsPinned() =>
        Assert.Equal("01161350fa07e5ce5bd4a44bcb517d052b906c922ec8451efb89e78565287f41", GraphText.Hash(Dense(1)));

    [Fact]
    public void Hash_OfAnotherConstant_IsAnother() => Assert.NotEqual(GraphText.Hash(Dense(1)), GraphText.Hash(Dense(-1)));

    [Fact]
    public void Print_OfALargeConstant_ShowsItsHash()
    {
        var builder = new GraphBuilder("large");
        builder.Output("y", builder.Exp(builder.Constant(Tensor.Of(Shape.Of(33), new float[33]))));

        var hash = Convert.ToHexStringLower(SHA256.HashData(new byte[132]));
        Assert.Contains($"constant c0: float32[33] = sha256:{hash}\n", GraphText.Print(builder.Build()), StringComparison.Ordinal);
    }

    private static Graph Dense(float first)
    {
        var b = new GraphBuilder("dense");
        b.Metadata("about", "a\ntest");
        var kernel = b.Constant(Tensor.Of(Shape.Of(3, 2), [first, -2, 0.5f, 0.1f, 1e-5f, 16777216]), "kernel");
        var logits = b.MatMul(b.Input("x", ElementType.Float32, Shapes.Parse("N,3")), kernel);
        b.Output("loss", b.ReduceSum(b.LogSoftmax(logits, -1), keepDimensions: true, 1));
        return b.Build();
    }
}
