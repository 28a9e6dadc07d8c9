using BiT.Core.Store;
using BiT.Core.Weights;
using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Graphs.Serialization.Schema;
using BiT.Training.Networks;
using BiT.Training.Publishing;
using BiT.Training.Weights;
using Google.Protobuf;

namespace BiT.Tests.Unit.Publishing;

/// <summary>Files from outside: what becomes a version, and what is refused with which reason.</summary>
public sealed class VersionImportTests : IDisposable
{
    private const int Size = 32;
    private static readonly BitNetwork Tiny = BitNetwork.ByName("bit-tiny");
    private static readonly Lazy<byte[]> Own = new(() => OnnxWriter.ToBytes(InferenceGraph.Build(Initializers.Create(Tiny, 2, seed: 1), Size, Metadata())));

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> ForeignGraphs => [.. Changes.Keys];

    // What is done to a file that this service made, and a part of the reason why it is refused then.
    private static readonly Dictionary<string, (string Reason, Action<ModelProto> Change)> Changes = new()
    {
        ["no metadata"] = ("no entry bit.", model => model.MetadataProps.Clear()),
        ["no network"] = ("no entry bit.network", model => Remove(model, "bit.network")),
        ["an unknown network"] = ("Network 'R18' is unknown", model => Entry(model, "bit.network").Value = "R18"),
        ["another network"] = ("says that it is a R50x1", model => Entry(model, "bit.network").Value = "R50x1"),
        ["no labels"] = ("a backbone without a head", model => Remove(model, "bit.labels")),
        ["labels that are no list"] = ("metadata_props cannot be read", model => Entry(model, "bit.labels").Value = "{"),
        ["a label too few"] = ("expected", model => Entry(model, "bit.labels").Value = "[\"a\"]"),
        ["a label twice"] = ("class names", model => Entry(model, "bit.labels").Value = "[\"a\",\"a\"]"),
        ["an empty label"] = ("class names", model => Entry(model, "bit.labels").Value = "[\"a\",\"\"]"),
        ["a null label"] = ("class names", model => Entry(model, "bit.labels").Value = "[\"a\",null]"),
        ["no labels in the list"] = ("class names", model => Entry(model, "bit.labels").Value = "[]"),
        ["another preprocessing"] = ("metadata_props cannot be read", model => Entry(model, "bit.preprocessing").Value = "{}"),
        ["a size that would take all memory"] = ("at most 1024",
            model => Entry(model, "bit.preprocessing").Value = "{\"height\":100000,\"width\":100000,\"filter\":\"triangle-antialiased-u8\"}"),
        ["another size than the graph's"] = ("its inputs are",
            model => Entry(model, "bit.preprocessing").Value = "{\"height\":64,\"width\":64,\"filter\":\"triangle-antialiased-u8\"}"),
        ["another opset"] = ("opset '' 17", model => model.OpsetImport[0].Version = 17),
        ["another domain"] = ("com.microsoft", model => model.Graph.Node[0].Domain = "com.microsoft"),
        ["an unknown operator"] = ("Operator 'Loop' is unknown", model => model.Graph.Node[3].OpType = "Loop"),
        ["a function of its own"] = ("with equal bodies", model => model.Functions.Add(new FunctionProto { Name = "f" })),
        ["another body of a function"] = ("with equal bodies", model => model.Functions[0].Node[^1].OpType = "Neg"),
        ["a function without its body"] = ("with equal bodies", model => model.Functions.Clear()),
        ["external data"] = ("external data is read from beside the model only", MakeExternal),
        ["another input"] = ("its inputs are", model => Rename(model, "images", "pictures")),
        ["another output name"] = ("its outputs are", model => model.Graph.Output[1].Name = model.Graph.Node[^1].Output[0] = "answers"),
        ["outputs swapped"] = ("its outputs are", model =>
        {
            var first = model.Graph.Output[0].Clone();
            model.Graph.Output.RemoveAt(0);
            model.Graph.Output.Add(first);
        }),
        ["another operator"] = ("expected", model => model.Graph.Node.First(node => node.OpType == "Add").OpType = "Sub"),
        // The same shape, another picture.
        ["another attribute"] = ("expected", model =>
        {
            var pads = model.Graph.Node.First(node => node.OpType == "Conv").Attribute.First(attribute => attribute.Name == "pads").Ints;
            (pads[0], pads[2]) = (pads[0] + 1, pads[2] - 1);
        }),
        ["another attribute of a function"] = ("equal attributes",
            model => model.Graph.Node.First(node => node.OpType == "GroupNormRelu").Attribute.First(attribute => attribute.Name == "epsilon").F = 0.001f),
        ["a node more that takes all memory"] = ("expected", Inflate),
        ["another constant"] = ("is another constant", model => Midpoint(model).RawData = ByteString.CopyFrom(BitConverter.GetBytes(1f))),
        ["weights that are not numbers"] = ("not finite", model => HeadKernel(model).RawData =
            ByteString.CopyFrom([.. Enumerable.Repeat(BitConverter.GetBytes(float.NaN), Tiny.FeatureCount * 2).SelectMany(bytes => bytes)])),
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Import_OwnGraph_MakesAVersionToServeWithTheSameFile()
    {
        using var workspace = Workspace.Open(Path.Combine(_folder.Path, "workspace"), TimeProvider.System);

        var manifest = Read(Own.Value).Store(new Publisher(workspace));

        Assert.Equal(("inference", "bit-tiny", Size, null), (manifest.Method, manifest.Network, manifest.InputSize, manifest.Weights));
        Assert.Equal(["a", "b"], manifest.Labels);
        Assert.Equal(Own.Value, workspace.Blobs.ReadAllBytes(manifest.InferenceGraph));
        var version = workspace.Models.Import("m", manifest).Id;
        Assert.Equal(StoreJson.Write(manifest), StoreJson.Write(workspace.Models.FindVersion(version)?.Manifest ?? throw new InvalidOperationException("It is gone.")));
    }

    [Fact]
    public void Import_OwnGraphWithJunkThatIsNotRead_StoresItWithoutTheJunk()
    {
        using var workspace = Workspace.Open(Path.Combine(_folder.Path, "workspace"), TimeProvider.System);
        // Field 20 of ModelProto, training_info: we do not read it, a runtime would.
        byte[] junk = [.. Own.Value, 0xA2, 0x01, 3, 1, 2, 3];

        Assert.Equal(Own.Value, workspace.Blobs.ReadAllBytes(Read(junk).Store(new Publisher(workspace)).InferenceGraph));
    }

    [Theory]
    [MemberData(nameof(ForeignGraphs))]
    public void Import_GraphThatIsNotOurs_IsRefusedWithTheReason(string change)
    {
        var model = ModelProto.Parser.ParseFrom(Own.Value);
        Changes[change].Change(model);

        var problem = Assert.Throws<GraphException>(() => Read(model.ToByteArray()));

        Assert.True(problem.Message.Contains(Changes[change].Reason, StringComparison.Ordinal), problem.Message);
    }

    [Fact]
    public void Import_DamagedGraph_IsRefusedOrTheSameGraphButNeverAnotherFailure()
    {
        var random = new Random(11);
        var structure = Own.Value.Length - 200_000;
        for (var round = 0; round < 300; round++)
        {
            var bytes = (byte[])Own.Value.Clone();
            // Most of the file is weights; what matters lies at its ends.
            for (var hit = 0; hit < 3; hit++)
                bytes[random.Next(2) == 0 ? random.Next(60_000) : random.Next(structure, bytes.Length)] ^= (byte)(1 << random.Next(8));
            var problem = Record.Exception(() => Read(round % 10 == 0 ? bytes[..random.Next(bytes.Length)] : bytes));
            Assert.True(problem is null or GraphException, $"Round {round}: {problem}");
        }
    }

    [Fact]
    public void Import_FileOfMillionsOfEmptyNodes_IsRefusedBeforeItIsParsed()
    {
        // ModelProto.graph (7) with 3 million GraphProto.node (1) of length 0: 6 MB here, gigabytes when parsed.
        var nodes = new byte[6_000_000];
        for (var index = 0; index < nodes.Length; index += 2)
            nodes[index] = 0x0A;
        using var file = new MemoryStream();
        using (var writer = new CodedOutputStream(file, leaveOpen: true))
        {
            writer.WriteRawTag(0x08, 0x08);
            writer.WriteRawTag(0x3A);
            writer.WriteLength(nodes.Length);
        }
        file.Write(nodes);

        Assert.Contains("beside the data of its initializers", Assert.Throws<GraphException>(() => Read(file.ToArray())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0x08 })]
    [InlineData(new byte[] { 0x08, 0x08, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    [InlineData(new byte[] { 0x08, 0x08, 0x3B, 0x00 })]
    [InlineData(new byte[] { 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x08, 0x08 })]
    [InlineData(new byte[0])]
    public void Import_NoModelAtAll_IsRefused(byte[] bytes) =>
        Assert.Contains("Not an ONNX model", Assert.Throws<GraphException>(() => Read(bytes)).Message, StringComparison.Ordinal);

    [Fact]
    public void Import_GraphWithSettingsThatItHasItself_IsRefused()
    {
        Assert.Contains("bit-tiny", Refusal<GraphException>(Own.Value, new ImportSettings { Network = "R50x1" }), StringComparison.Ordinal);
        Refusal<GraphException>(Own.Value, new ImportSettings { Labels = ["x", "y"] });
        Refusal<GraphException>(Own.Value, new ImportSettings { InputSize = 64 });
        Read(Own.Value, new ImportSettings { Network = "bit-tiny" });
    }

    [Fact]
    public void Import_Weights_LabelsSizesAndNumbersAreChecked()
    {
        var good = Npz(Initializers.Create(Tiny, 2, seed: 1));

        Assert.Contains("Name its network", Refusal<WeightsException>(good, new ImportSettings()), StringComparison.Ordinal);
        Assert.Contains("1 class names were given; the weights have 2", Refusal<WeightsException>(good, Of("a")), StringComparison.Ordinal);
        Assert.Contains("'a' comes twice", Refusal<WeightsException>(good, Of("a", "a")), StringComparison.Ordinal);
        Assert.Contains("has 0 characters", Refusal<WeightsException>(good, Of("a", "")), StringComparison.Ordinal);
        var broken = Initializers.Create(Tiny, 2, seed: 1);
        broken["resnet/group_norm/beta"][5] = float.PositiveInfinity;
        Assert.Contains("resnet/group_norm/beta", Refusal<WeightsException>(Npz(broken), Of()), StringComparison.Ordinal);
        using var workspace = Workspace.Open(Path.Combine(_folder.Path, "workspace"), TimeProvider.System);
        Assert.Equal(["class 0", "class 1"], Read(good, Of() with { InputSize = Size }).Store(new Publisher(workspace)).Labels);
    }

    [Fact]
    public void Import_WeightsThatMissAndMisshapeAndAdd_NamesAll()
    {
        var arrays = NpzFile.Read(Write(Npz(Initializers.Create(Tiny, 0, seed: 1)))).ToDictionary();
        arrays.Remove("resnet/group_norm/beta");
        arrays["resnet/group_norm/gamma"] = new NpyArray([2], [1, 1]);
        arrays["something/else"] = new NpyArray([1], [1]);
        var path = Path.Combine(_folder.Path, "changed.npz");
        NpzFile.Write(path, arrays);

        var message = Assert.Throws<WeightsException>(() => VersionImport.Read(path, Of())).Message;

        Assert.All(["missing 1: resnet/group_norm/beta", "unexpected 1: something/else", "resnet/group_norm/gamma is [2], expected [1024]"],
            part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    private static ImportSettings Of(params string[] labels) => new() { Network = "bit-tiny", Labels = labels };

    private static Dictionary<string, string> Metadata() => new()
    {
        ["bit.network"] = "bit-tiny",
        ["bit.preprocessing"] = new Core.Imaging.Preprocessing { Height = Size, Width = Size }.ToJson(),
        ["bit.labels"] = "[\"a\",\"b\"]",
    };

    private VersionImport Read(byte[] bytes, ImportSettings? settings = null) => VersionImport.Read(Write(bytes), settings ?? new ImportSettings());

    private string Refusal<T>(byte[] bytes, ImportSettings settings)
        where T : Exception => Assert.Throws<T>(() => Read(bytes, settings)).Message;

    private string Write(byte[] bytes)
    {
        var path = Path.Combine(_folder.Path, "file");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private byte[] Npz(WeightSet weights)
    {
        var path = Path.Combine(_folder.Path, "weights.npz");
        NpzWeights.Write(path, weights);
        return File.ReadAllBytes(path);
    }

    private static StringStringEntryProto Entry(ModelProto model, string key) => model.MetadataProps.Single(entry => entry.Key == key);

    private static void Remove(ModelProto model, string key) => model.MetadataProps.Remove(Entry(model, key));

    private static TensorProto HeadKernel(ModelProto model) =>
        model.Graph.Initializer.Single(initializer => initializer.Name == "resnet/head/conv2d/kernel");

    private static TensorProto Midpoint(ModelProto model)
    {
        var name = model.Graph.Node.First(node => node.OpType == "Sub").Input[1];
        return model.Graph.Initializer.Single(initializer => initializer.Name == name);
    }

    private static void Rename(ModelProto model, string from, string to)
    {
        model.Graph.Input[0].Name = to;
        foreach (var node in model.Graph.Node)
        {
            for (var input = 0; input < node.Input.Count; input++)
                node.Input[input] = node.Input[input] == from ? to : node.Input[input];
        }
    }

    // Another blob of the store lies beside an uploaded file, under a name that can be guessed from its hash.
    private static void MakeExternal(ModelProto model)
    {
        var kernel = HeadKernel(model);
        kernel.RawData = ByteString.Empty;
        kernel.DataLocation = TensorProto.Types.DataLocation.External;
        kernel.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "file" });
        kernel.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = "8192" });
    }

    // Well typed: a sum over 2^40 copies of the logits, which are then scaled to what they were.
    private static void Inflate(ModelProto model)
    {
        var graph = model.Graph;
        graph.Initializer.Add(Int64("inflated", 1L << 40, 2));
        var last = graph.Node[^1];
        var logits = last.Output[0];
        last.Output[0] = "before";
        graph.Node.Add(new NodeProto { OpType = "Expand", Input = { graph.Initializer.First(item => item.Name == "resnet/head/conv2d/bias").Name, "inflated" }, Output = { "large" } });
        graph.Initializer.Add(Int64("axes", 0));
        var sum = new NodeProto { OpType = "ReduceSum", Input = { "large", "axes" }, Output = { "sum" } };
        sum.Attribute.Add(new AttributeProto { Name = "keepdims", Type = AttributeProto.Types.AttributeType.Int, I = 0 });
        graph.Node.Add(sum);
        graph.Node.Add(new NodeProto { OpType = "Add", Input = { "before", "sum" }, Output = { logits } });
    }

    private static TensorProto Int64(string name, params long[] values) => new()
    {
        Name = name,
        DataType = (int)ElementType.Int64,
        Dims = { values.Length },
        RawData = ByteString.CopyFrom([.. values.SelectMany(BitConverter.GetBytes)]),
    };
}
