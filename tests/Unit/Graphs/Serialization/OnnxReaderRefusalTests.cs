using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Graphs.Serialization.Schema;
using Google.Protobuf;

namespace BiT.Tests.Unit.Graphs.Serialization;

/// <summary>Files that are damaged, hostile or outside the subset: always a GraphException, never another one.</summary>
public sealed class OnnxReaderRefusalTests
{
    public static TheoryData<string> Refusals => [.. Changes.Keys];

    private static readonly Dictionary<string, (string Fragment, Action<ModelProto> Change)> Changes = new()
    {
        ["no graph"] = ("it has no graph", model => model.Graph = null),
        ["another opset"] = ("imports opset '' 17; only ONNX's default domain at 18", model => model.OpsetImport[0].Version = 17),
        ["another domain"] = ("imports opset 'com.microsoft' 1",
            model => model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 })),
        ["no opset"] = ("imports no opset", model => model.OpsetImport.Clear()),
        ["a function of its own"] = ("The model has functions .f; only those", model => model.Functions.Add(new FunctionProto { Name = "f" })),
        ["a fused operator in the default domain"] = ("uses .GroupNormRelu", model => model.Graph.Node[0].OpType = "GroupNormRelu"),
        ["an unknown fused operator"] = ("uses bit.MaxPool", model => model.Graph.Node[0].Domain = "bit"),
        ["unknown operator"] = ("Operator 'Softplus' is unknown", model => model.Graph.Node[0].OpType = "Softplus"),
        ["a node's domain"] = ("uses com.microsoft.MaxPool", model => model.Graph.Node[0].Domain = "com.microsoft"),
        ["unsorted nodes"] = ("is computed by no earlier node", model => Reverse(model.Graph)),
        ["a cycle"] = ("is computed by no earlier node", model => model.Graph.Node[0].Input[0] = model.Graph.Node[^1].Output[0]),
        ["a node that reads itself"] = ("is computed by no earlier node",
            model => model.Graph.Node[0].Input[0] = model.Graph.Node[0].Output[0]),
        ["a value written twice"] = ("that is taken", model => model.Graph.Node[1].Output[0] = model.Graph.Node[0].Output[0]),
        ["an output too many"] = ("that MaxPool does not have", model => model.Graph.Node[0].Output.Add("third")),
        ["an output that nothing computes"] = ("'absent', used by an output", model => model.Graph.Output[0].Name = "absent"),
        ["no output"] = ("has no output", model => model.Graph.Output.Clear()),
        ["a name twice"] = ("Name 'x' is empty or taken", model => model.Graph.Input[1].Name = "x"),
        ["an input without a type"] = ("Input 'x' has no tensor type", model => model.Graph.Input[0].Type = null),
        ["an input without a shape"] = ("Input 'x' has no tensor type with a shape",
            model => model.Graph.Input[0].Type.TensorType.Shape = null),
        ["an input of an unknown type"] = ("Input 'x' has element type 16", model => model.Graph.Input[0].Type.TensorType.ElemType = 16),
        ["a dimension without size and name"] = ("with neither a size nor a name", model => FirstDimension(model).ClearValue()),
        ["a negative size"] = ("A dimension has a size of 0 or more; got -5", model => FirstDimension(model).DimValue = -5),
        ["an initializer of an unknown type"] = ("Initializer 'scale' has element type 8", model => Scale(model).DataType = 8),
        ["an initializer that is too short"] = ("has 12 bytes; got 8", model => Scale(model).Dims[0] = 3),
        ["an initializer beyond counting"] = ("more elements than an int64 can count",
            model => Scale(model).Dims.Add([1L << 40, 1L << 40])),
        ["an attribute of an unknown kind"] = ("Attribute 'pads' of type Floats is not read",
            model => Pads(model).Type = AttributeProto.Types.AttributeType.Floats),
        ["an attribute that does not fit"] = ("4 pads of 0 or more", model => Pads(model).Ints.RemoveAt(0)),
        ["external data in bytes"] = ("external data is read from beside the model only",
            model => MakeExternal(model, "model.onnx.data", "0", "8")),
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Model_OutsideTheSubset_IsRefusedWithTheReason(string change)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxWriter.ToBytes(SmallProgram.Build()));
        Changes[change].Change(model);
        var problem = Assert.Throws<GraphException>(() => OnnxReader.FromBytes(model.ToByteArray()));
        Assert.Contains(Changes[change].Fragment, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("/etc/passwd")]
    [InlineData("folder/data")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    public void ExternalData_OutsideTheModelsFolder_IsRefused(string location)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "inner", "folder"));
        File.WriteAllBytes(Path.Combine(folder.Path, "secret"), new byte[8]);
        File.WriteAllBytes(Path.Combine(folder.Path, "inner", "folder", "data"), new byte[8]);

        Refuse(Path.Combine(folder.Path, "inner"),
            model => MakeExternal(model, location, "0", "8"), $"lies in file '{location}'; external data is read from beside");
    }

    [Theory]
    [InlineData("4", "8", "needs 8 bytes from byte 4 of data, which has 8")]
    [InlineData("0", "4", "has 8 bytes; got 4")]
    [InlineData("9223372036854775807", "8", "needs 8 bytes from byte 9223372036854775807")]
    [InlineData("-1", "8", "needs 8 bytes from byte -1")]
    [InlineData("0", "-8", "needs -8 bytes")]
    [InlineData("0", "99999999999", "no readable offset and length")]
    [InlineData("zero", "8", "no readable offset and length")]
    public void ExternalData_WithABadRange_IsRefused(string offset, string length, string fragment)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "data"), new byte[8]);

        Refuse(folder.Path, model => MakeExternal(model, "data", offset, length), fragment);
    }

    [Fact]
    public void ExternalData_WithAnEntryTwice_IsReadByTheLast()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "data"), new byte[8]);
        var path = Write(folder.Path, model =>
        {
            MakeExternal(model, "elsewhere", "0", "8");
            Scale(model).ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "data" });
        });

        var scale = OnnxReader.FromFile(path).Constants.Single(constant => constant.Name == "scale").Constant;

        Assert.NotNull(scale);
        Assert.Equal([0f, 0f], scale.AsFloats().ToArray());
    }

    [Fact]
    public void Bytes_CutAnywhere_AreRefused()
    {
        var bytes = OnnxWriter.ToBytes(SmallProgram.Build());
        // The last fields are metadata and the opset: without some of the former the model is still whole.
        var metadata = SmallProgram.Build().Metadata.Sum(entry => entry.Key.Length + entry.Value.Length + 6);
        for (var length = 0; length < bytes.Length; length++)
        {
            var problem = Record.Exception(() => OnnxReader.FromBytes(bytes[..length]));
            Assert.True(problem is GraphException || (problem is null && length >= bytes.Length - metadata),
                $"Cut to {length} bytes: {problem?.GetType().Name ?? "read"}.");
        }
    }

    [Fact]
    public void Bytes_ChangedAnywhere_GiveAProgramOrAGraphException()
    {
        var bytes = OnnxWriter.ToBytes(SmallProgram.Build());
        foreach (var change in (byte[])[0x01, 0x80, 0xFF])
        {
            for (var at = 0; at < bytes.Length; at++)
            {
                var changed = (byte[])bytes.Clone();
                changed[at] ^= change;
                var problem = Record.Exception(() => OnnxReader.FromBytes(changed));
                Assert.True(problem is null or GraphException, $"Byte {at} ^ {change:x2}: {problem}");
            }
        }
    }

    private static void Refuse(string folder, Action<ModelProto> change, string fragment)
    {
        var path = Write(folder, change);
        Assert.Contains(fragment, Assert.Throws<GraphException>(() => OnnxReader.FromFile(path)).Message, StringComparison.Ordinal);
    }

    private static string Write(string folder, Action<ModelProto> change)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxWriter.ToBytes(SmallProgram.Build()));
        change(model);
        var path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    private static void MakeExternal(ModelProto model, string location, string offset, string length)
    {
        var tensor = Scale(model);
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        foreach (var (key, value) in new[] { ("location", location), ("offset", offset), ("length", length) })
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    private static void Reverse(GraphProto graph)
    {
        var reversed = graph.Node.Reverse().ToArray();
        graph.Node.Clear();
        graph.Node.Add(reversed);
    }

    private static TensorShapeProto.Types.Dimension FirstDimension(ModelProto model) => model.Graph.Input[0].Type.TensorType.Shape.Dim[0];

    private static TensorProto Scale(ModelProto model) => model.Graph.Initializer.Single(tensor => tensor.Name == "scale");

    private static AttributeProto Pads(ModelProto model) => model.Graph.Node[0].Attribute.Single(attribute => attribute.Name == "pads");
}
