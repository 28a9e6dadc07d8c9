using System.Runtime.InteropServices;
using System.Security.Cryptography;
using BiT.Graphs.Fused;
using BiT.Graphs.Operators;
using BiT.Graphs.Serialization.Schema;
using Google.Protobuf;

namespace BiT.Graphs.Serialization;

/// <summary>Reads ONNX files within the subset that <see cref="OnnxWriter"/> writes. Every node is checked as it is read.</summary>
public static class OnnxReader
{
    /// <exception cref="GraphException">Not an ONNX model, another opset, or anything outside the subset.</exception>
    public static Graph FromFile(string path)
    {
        using var file = File.OpenRead(path);
        return Read(Parse(() => ModelProto.Parser.ParseFrom(file)), Path.GetDirectoryName(Path.GetFullPath(path)));
    }

    /// <summary>Reads a file that anybody may have made: measured before it is parsed, and without external data.</summary>
    /// <exception cref="GraphException">Not an ONNX model, too large, another opset, external data, or anything outside the
    /// subset.</exception>
    public static Graph FromForeignFile(string path)
    {
        using var file = File.OpenRead(path);
        OnnxMeasure.Check(file);
        file.Position = 0;
        return Read(Parse(() => ModelProto.Parser.ParseFrom(file)), folder: null);
    }

    /// <exception cref="GraphException">Not an ONNX model, another opset, external data, or anything outside the subset.</exception>
    public static Graph FromBytes(byte[] bytes) => Read(Parse(() => ModelProto.Parser.ParseFrom(bytes)), folder: null);

    private static ModelProto Parse(Func<ModelProto> parse)
    {
        try
        {
            return parse();
        }
        catch (InvalidProtocolBufferException problem)
        {
            throw new GraphException($"Not an ONNX model: {problem.Message}", problem);
        }
    }

    private static Graph Read(ModelProto model, string? folder)
    {
        if (model.Graph is null)
            throw new GraphException("Not an ONNX model: it has no graph.");
        if (model.OpsetImport.Count == 0)
            throw new GraphException($"The model imports no opset; only ONNX's default domain at {OperatorSet.Version} is read.");
        foreach (var opset in model.OpsetImport)
        {
            if ((opset.Domain, opset.Version) is not (("", OperatorSet.Version) or (FusedOperators.Domain, FusedOperators.Version)))
            {
                throw new GraphException($"The model imports opset '{opset.Domain}' {opset.Version}; only ONNX's default domain at {OperatorSet.Version} "
                    + $"and '{FusedOperators.Domain}' {FusedOperators.Version} are read.");
            }
        }

        var builder = new GraphBuilder(model.Graph.Name);
        var values = new Dictionary<string, Value>(StringComparer.Ordinal);
        foreach (var input in model.Graph.Input)
            values.Add(input.Name, ReadInput(builder, input));
        foreach (var initializer in model.Graph.Initializer)
            values.Add(initializer.Name, builder.Constant(ToTensor(initializer, folder), initializer.Name));
        CheckData(model, folder);
        foreach (var node in model.Graph.Node)
            AppendNode(builder, node, values);
        foreach (var output in model.Graph.Output)
            builder.Output(output.Name, Find(values, output.Name, "an output"));
        foreach (var entry in model.MetadataProps.Where(entry => entry.Key != OnnxWriter.DataHashKey))
            builder.Metadata(entry.Key, entry.Value);
        var graph = builder.Build();
        RequireFunctions(graph, model);
        return graph;
    }

    // A function means what its operator means to this version: its body is compared, not interpreted.
    private static void RequireFunctions(Graph graph, ModelProto model)
    {
        if (!OnnxFunctions.Of(graph).SequenceEqual(model.Functions))
        {
            throw new GraphException($"The model has functions {string.Join(", ", model.Functions.Select(function => $"{function.Domain}.{function.Name}"))}; "
                + "only those that this version writes for its fused operators, with equal bodies, are read.");
        }
    }

    private static Value ReadInput(GraphBuilder builder, ValueInfoProto proto)
    {
        if (proto.Type?.TensorType is not { Shape: { } shape } type)
            throw new GraphException($"Input '{proto.Name}' has no tensor type with a shape; every input needs one.");
        var dimensions = shape.Dim.Select(dimension => dimension switch
        {
            { ValueCase: TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue } => Dimension.Of(dimension.DimValue),
            { DimParam.Length: > 0 } => Dimension.Named(dimension.DimParam),
            _ => throw new GraphException($"Input '{proto.Name}' has a dimension with neither a size nor a name; give it one of them."),
        });
        return builder.Input(proto.Name, ToElementType(type.ElemType, $"Input '{proto.Name}'"), new Shape(dimensions));
    }

    private static ElementType ToElementType(int type, string owner) => Enum.IsDefined((ElementType)type)
        ? (ElementType)type
        : throw new GraphException($"{owner} has element type {type}, which is not read.");

    private static void AppendNode(GraphBuilder builder, NodeProto proto, Dictionary<string, Value> values)
    {
        var attributes = proto.Attribute.Aggregate(Attributes.None, (all, attribute) => all.With(attribute.Name, ToAttribute(attribute)));
        var node = builder.Append(OperatorOf(proto, attributes), [.. proto.Input.Select(name => Find(values, name, $"node '{proto.Name}'"))], attributes);
        for (var index = 0; index < proto.Output.Count; index++)
        {
            if (index >= node.Outputs.Length || !values.TryAdd(proto.Output[index], node.Outputs[index]))
                throw new GraphException($"Node '{proto.Name}' declares an output '{proto.Output[index]}' that is taken or that {proto.OpType} does not have.");
        }
    }

    private static string OperatorOf(NodeProto proto, Attributes attributes)
    {
        var @operator = proto.Domain == FusedOperators.Domain ? FusedOperators.OperatorOf(proto.OpType) : proto.OpType;
        var isFused = FusedOperators.Contains(@operator);
        if (TrainingOperators.Contains(@operator) || proto.Domain != (isFused ? FusedOperators.Domain : "") || (isFused && FusedOperators.FunctionName(@operator, attributes) != proto.OpType))
            throw new GraphException($"Node '{proto.Name}' uses {proto.Domain}.{proto.OpType}; only ONNX's default domain and known fused operators are read.");
        return @operator;
    }

    private static Value Find(Dictionary<string, Value> values, string name, string user) =>
        values.TryGetValue(name, out var value) ? value : throw new GraphException($"'{name}', used by {user}, is computed by no earlier node.");

    private static AttributeValue ToAttribute(AttributeProto proto) => proto.Type switch
    {
        AttributeProto.Types.AttributeType.Int => new AttributeValue.Integer(proto.I),
        AttributeProto.Types.AttributeType.Float => new AttributeValue.Real(proto.F),
        AttributeProto.Types.AttributeType.String => new AttributeValue.Text(proto.S.ToStringUtf8()),
        AttributeProto.Types.AttributeType.Ints => new AttributeValue.Integers([.. proto.Ints]),
        _ => throw new GraphException($"Attribute '{proto.Name}' of type {proto.Type} is not read."),
    };

    private static Tensor ToTensor(TensorProto proto, string? folder)
    {
        var type = ToElementType(proto.DataType, $"Initializer '{proto.Name}'");
        var shape = Shape.Of([.. proto.Dims]);
        ReadOnlyMemory<byte> bytes = proto.DataLocation == TensorProto.Types.DataLocation.External
            ? ReadExternal(proto, folder)
            : type switch
            {
                ElementType.Float32 when proto.FloatData.Count > 0 => MemoryMarshal.AsBytes<float>(proto.FloatData.ToArray()).ToArray(),
                ElementType.Int64 when proto.Int64Data.Count > 0 => MemoryMarshal.AsBytes<long>(proto.Int64Data.ToArray()).ToArray(),
                _ => proto.RawData.Memory,
            };
        return new Tensor(type, shape, bytes);
    }

    private static string? Entry(TensorProto proto, string key) => proto.ExternalData.LastOrDefault(entry => entry.Key == key)?.Value;

    // After the constants were read, which refuses files elsewhere. A model of other makers has no hash.
    private static void CheckData(ModelProto model, string? folder)
    {
        var expected = model.MetadataProps.LastOrDefault(entry => entry.Key == OnnxWriter.DataHashKey)?.Value;
        if (expected is null || folder is null)
            return;
        var files = model.Graph.Initializer.Where(initializer => initializer.DataLocation == TensorProto.Types.DataLocation.External)
            .Select(initializer => Entry(initializer, "location") ?? "").Distinct();
        foreach (var file in files)
        {
            using var data = File.OpenRead(Path.Combine(folder, file));
            var actual = Convert.ToHexStringLower(SHA256.HashData(data));
            if (actual != expected)
                throw new GraphException($"{file} does not belong to this model or is damaged: its sha256 is {actual}; the model expects {expected}.");
        }
    }

    private static byte[] ReadExternal(TensorProto proto, string? folder)
    {
        var file = Entry(proto, "location") ?? "";
        if (folder is null || file is "" or "." or ".." || Path.GetFileName(file) != file)
            throw new GraphException($"Initializer '{proto.Name}' lies in file '{file}'; external data is read from beside the model only.");
        if (!long.TryParse(Entry(proto, "offset") ?? "0", out var offset) || !int.TryParse(Entry(proto, "length"), out var length))
            throw new GraphException($"Initializer '{proto.Name}' has no readable offset and length in its external data.");
        using var data = File.OpenRead(Path.Combine(folder, file));
        if (offset < 0 || length < 0 || offset > data.Length - length)
            throw new GraphException($"Initializer '{proto.Name}' needs {length} bytes from byte {offset} of {file}, which has {data.Length}.");
        var bytes = new byte[length];
        data.Position = offset;
        data.ReadExactly(bytes);
        return bytes;
    }
}
