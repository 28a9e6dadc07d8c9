using System.Globalization;
using BiT.Graphs.Fused;
using BiT.Graphs.Operators;
using BiT.Graphs.Serialization.Schema;
using Google.Protobuf;

namespace BiT.Graphs.Serialization;

/// <summary>Writes programs as ONNX files: opset 18, IR version 8, equal programs as equal bytes.</summary>
public static class OnnxWriter
{
    /// <summary>ONNX IR version of every written file.</summary>
    public const int IrVersion = 8;

    /// <summary>Version of ONNX's default domain of every written file.</summary>
    public const int OpsetVersion = OperatorSet.Version;

    /// <summary>Most bytes of constants that one file holds; beyond, they go to a file beside the model.</summary>
    /// <remarks>protobuf cannot hold 2 GiB in one message.</remarks>
    public const long ExternalDataThreshold = 1_900_000_000;

    /// <summary>metadata_props of a model with a data file: sha256 of that file, lower-case hexadecimal. So the model's own hash says
    /// everything: without it, networks of equal shapes would differ in their data files alone.</summary>
    public const string DataHashKey = "bit.data_sha256";

    /// <summary>The bytes of a model that holds all its constants.</summary>
    /// <exception cref="GraphException">The constants are too large for one protobuf message; use <see cref="Write"/>.</exception>
    public static byte[] ToBytes(Graph graph)
    {
        if (ConstantBytes(graph) > ExternalDataThreshold)
            throw new GraphException($"The constants of program '{graph.Name}' are over {ExternalDataThreshold} bytes; write it to a file with external data.");
        return ToModel(graph, _ => null).ToByteArray();
    }

    /// <summary>Writes a model file; constants beyond what protobuf can hold go to <c>{file name}.data</c> beside it.</summary>
    /// <param name="externalDataThreshold">Bytes of constants from which the data file is used.</param>
    /// <returns>The files written: the model, and the data file if there is one.</returns>
    public static IReadOnlyList<string> Write(Graph graph, string path, long externalDataThreshold = ExternalDataThreshold)
    {
        if (ConstantBytes(graph) <= externalDataThreshold)
        {
            WriteModel(path, ToModel(graph, _ => null));
            return [path];
        }
        var dataPath = path + ".data";
        using (var data = new ExternalDataFile(dataPath))
        {
            var model = ToModel(graph, data.Append);
            model.MetadataProps.Add(new StringStringEntryProto { Key = DataHashKey, Value = data.Hash() });
            WriteModel(path, model);
        }
        return [path, dataPath];
    }

    private static long ConstantBytes(Graph graph) => graph.Constants.Sum(value => (long)(value.Constant?.Bytes.Length ?? 0));

    private static void WriteModel(string path, ModelProto model)
    {
        using var file = File.Create(path);
        model.WriteTo(file);
    }

    private static ModelProto ToModel(Graph graph, Func<Tensor, ExternalLocation?> store)
    {
        GraphValidator.Validate(graph);
        var names = new ValueNames(graph);
        var proto = new GraphProto { Name = graph.Name };
        proto.Input.AddRange(graph.Inputs.Select(input => ToValueInfo(names[input], input)));
        proto.Output.AddRange(graph.Outputs.Select(output => ToValueInfo(output.Name, output.Value)));
        foreach (var constant in graph.Constants)
        {
            if (constant.Constant is { } tensor)
                proto.Initializer.Add(ToTensor(names[constant], tensor, store(tensor)));
        }
        proto.Node.AddRange(OnnxNodes.ToNodes(graph, names));
        // Runtimes cannot infer the types of a kernel of ours; with them they plan memory as well as for their own. MaxPoolGrad reads its shape here.
        proto.ValueInfo.AddRange(graph.Nodes.Where(node => FusedOperators.Contains(node.Operator) || node.Operator == "MaxPoolGrad")
            .SelectMany(node => node.Outputs).Where(value => !graph.Outputs.Any(output => output.Value == value)).Select(value => ToValueInfo(names[value], value)));
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "bit", Graph = proto };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OperatorSet.Version });
        model.Functions.AddRange(OnnxFunctions.Of(graph));
        if (model.Functions.Count > 0)
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = FusedOperators.Domain, Version = FusedOperators.Version });
        if (graph.Nodes.Any(node => TrainingOperators.Contains(node.Operator)))
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = TrainingOperators.Domain, Version = TrainingOperators.DomainVersion });
        foreach (var (key, value) in graph.Metadata)
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return model;
    }

    private static TensorProto ToTensor(string name, Tensor tensor, ExternalLocation? external)
    {
        var proto = new TensorProto { Name = name, DataType = (int)tensor.Type };
        proto.Dims.AddRange(tensor.Shape.Sizes);
        if (external is null)
        {
            proto.RawData = UnsafeByteOperations.UnsafeWrap(tensor.Bytes);
            return proto;
        }
        proto.DataLocation = TensorProto.Types.DataLocation.External;
        proto.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = external.File });
        proto.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = external.Offset.ToString(CultureInfo.InvariantCulture) });
        proto.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = external.Length.ToString(CultureInfo.InvariantCulture) });
        return proto;
    }

    private static ValueInfoProto ToValueInfo(string name, Value value)
    {
        if (value.IsSequence)
        {
            var element = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)value.Type } };
            return new ValueInfoProto { Name = name, Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = element } } };
        }
        var shape = new TensorShapeProto();
        foreach (var dimension in value.Shape.Dimensions)
        {
            shape.Dim.Add(dimension.IsStatic
                ? new TensorShapeProto.Types.Dimension { DimValue = dimension.Size }
                : new TensorShapeProto.Types.Dimension { DimParam = dimension.Symbol });
        }
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)value.Type, Shape = shape } },
        };
    }
}
