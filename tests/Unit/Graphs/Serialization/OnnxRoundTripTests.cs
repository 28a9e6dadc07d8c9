using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Graphs.Serialization.Schema;
using BiT.Tests.Unit.Graphs.Cases;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Tests.Unit.Graphs.Serialization;

public sealed class OnnxRoundTripTests
{
    public static TheoryData<string> Cases => OperatorCases.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Program_WrittenAndRead_IsTheSame(string name)
    {
        var one = OperatorCases.Find(name);
        var graph = OperatorCases.IsDifferentiable(one) ? one.WithLoss(gradients: true).Graph : one.Forward();
        var bytes = OnnxWriter.ToBytes(graph);

        var read = OnnxReader.FromBytes(bytes);

        Assert.Equal(GraphText.Print(graph), GraphText.Print(read));
        Assert.Equal(bytes, OnnxWriter.ToBytes(read));
    }

    [Fact]
    public void Program_WithMetadataAndAllConstantTypes_IsTheSame()
    {
        var bytes = OnnxWriter.ToBytes(SmallProgram.Build());

        var read = OnnxReader.FromBytes(bytes);

        Assert.Equal(GraphText.Print(SmallProgram.Build()), GraphText.Print(read));
        Assert.Equal("a test", read.Metadata["about"]);
        Assert.Equal(bytes, OnnxWriter.ToBytes(read));
    }

    [Fact]
    public void Bytes_OfEqualPrograms_AreEqual() =>
        Assert.Equal(OnnxWriter.ToBytes(SmallProgram.Build()), OnnxWriter.ToBytes(SmallProgram.Build()));

    [Fact]
    public void Bytes_OfAnyProgram_StateOpset18AndIr8()
    {
        var model = ModelProto.Parser.ParseFrom(OnnxWriter.ToBytes(SmallProgram.Build()));

        Assert.Equal(8, model.IrVersion);
        Assert.Equal(("", 18L), model.OpsetImport.Select(opset => (opset.Domain, opset.Version)).Single());
    }

    [Fact]
    public void SecondOutput_WithoutAUse_IsNotDeclared()
    {
        var builder = new GraphBuilder("pool");
        builder.Output("y", builder.Exp(builder.MaxPool(builder.Input("x", ElementType.Float32, Shape.Of(1, 1, 4, 4)), 2, 2)));

        var model = ModelProto.Parser.ParseFrom(OnnxWriter.ToBytes(builder.Build()));

        Assert.Single(model.Graph.Node[0].Output);
    }

    [Fact]
    public void ConstantNamedAsTheWriterNames_KeepsItsName()
    {
        var builder = new GraphBuilder("names");
        var sum = builder.Add(builder.Scalar(1), builder.Constant(Tensor.Scalar(2), "c0"));
        builder.Output("v0", builder.Exp(builder.Add(sum, builder.Input("v1", ElementType.Float32, Shape.Scalar))));
        var graph = builder.Build();

        var read = OnnxReader.FromBytes(OnnxWriter.ToBytes(graph));

        Assert.Equal(["c1", "c0"], read.Constants.Select(constant => constant.Name));
        Assert.Equal(GraphText.Print(graph), GraphText.Print(read));
    }

    [Fact]
    public void ExternalData_BesideTheModel_IsReadBackAndByOnnxRuntime()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.onnx");
        var graph = SmallProgram.Build();

        var files = OnnxWriter.Write(graph, path, externalDataThreshold: 1000);

        Assert.Equal([path, path + ".data"], files);
        Assert.Equal(SmallProgram.TableBytes, new FileInfo(path + ".data").Length);
        Assert.Equal(GraphText.Print(graph), GraphText.Print(OnnxReader.FromFile(path)));
        using var session = new InferenceSession(path);
        Assert.Equal(["rows", "sources", "y"], session.OutputMetadata.Keys.Order());
    }

    [Fact]
    public void ExternalData_ThatWasChanged_IsRefusedByItsHash()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.onnx");
        OnnxWriter.Write(SmallProgram.Build(), path, externalDataThreshold: 1000);
        var bytes = File.ReadAllBytes(path + ".data");
        bytes[^1] ^= 1;
        File.WriteAllBytes(path + ".data", bytes);

        var refusal = Assert.Throws<GraphException>(() => OnnxReader.FromFile(path));

        Assert.StartsWith("model.onnx.data does not belong to this model or is damaged", refusal.Message);
    }

    [Fact]
    public void ExternalData_OfSeveralConstants_IsAlignedToPages()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.onnx");
        var builder = new GraphBuilder("two");
        var first = builder.Constant(Tensor.Of(Shape.Of(300), [.. Enumerable.Repeat(1f, 300)]));
        var second = builder.Constant(Tensor.Of(Shape.Of(300), [.. Enumerable.Repeat(2f, 300)]));
        builder.Output("y", builder.Add(first, second));

        OnnxWriter.Write(builder.Build(), path, externalDataThreshold: 0);

        Assert.Equal(4096 + 1200, new FileInfo(path + ".data").Length);
        Assert.Equal([1f, 2f], OnnxReader.FromFile(path).Constants.Select(constant =>
            constant.Constant is { } tensor ? tensor.AsFloats()[299] : 0));
    }

    [Fact]
    public void Constants_BelowTheThreshold_StayInsideTheModel()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.onnx");

        Assert.Equal([path], OnnxWriter.Write(SmallProgram.Build(), path));
        Assert.Equal(OnnxWriter.ToBytes(SmallProgram.Build()), File.ReadAllBytes(path));
    }
}
