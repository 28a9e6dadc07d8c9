using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;

namespace BiT.Graphs.Serialization;

/// <summary>A stable text form of a program, to read, diff and hash: equal programs give equal texts.</summary>
/// <remarks>One line per function, input, constant, node and output. Small constants print their elements, others the sha256 of their bytes; functions the
/// sha256 of their bodies.</remarks>
public static class GraphText
{
    private const int LargestPrintedBytes = 128;

    public static string Print(Graph graph)
    {
        var names = new ValueNames(graph);
        var text = new StringBuilder().Append("program ").Append(graph.Name).Append('\n');
        foreach (var (key, value) in graph.Metadata)
            text.Append("metadata ").Append(key).Append(" = ").Append(value.ReplaceLineEndings(" ")).Append('\n');
        foreach (var function in OnnxFunctions.Of(graph))
            text.Append("function ").Append(function.Name).Append(" = sha256:").Append(Convert.ToHexStringLower(SHA256.HashData(function.ToByteArray()))).Append('\n');
        foreach (var input in graph.Inputs)
            text.Append("input ").Append(names[input]).Append(": ").Append(TypeOf(input)).Append('\n');
        foreach (var constant in graph.Constants)
            text.Append("constant ").Append(names[constant]).Append(": ").Append(TypeOf(constant)).Append(" = ").Append(Data(constant)).Append('\n');
        foreach (var node in graph.Nodes)
        {
            text.AppendJoin(", ", node.Outputs.Select(output => $"{names[output]}: {TypeOf(output)}"))
                .Append(" = ").Append(node.Operator).Append('(').AppendJoin(", ", node.Inputs.Select(input => names[input])).Append(')');
            foreach (var (key, value) in node.Attributes.All)
                text.Append(' ').Append(key).Append('=').Append(value);
            text.Append('\n');
        }
        foreach (var output in graph.Outputs)
            text.Append("output ").Append(output.Name).Append(": ").Append(TypeOf(output.Value)).Append('\n');
        return text.ToString();
    }

    /// <summary>sha256 of the text form, lower-case hexadecimal.</summary>
    public static string Hash(Graph graph) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Print(graph))));

    private static string TypeOf(Value value) => value.IsSequence ? $"sequence of {value.Type.ToText()}" : value.Type.ToText() + value.Shape;

    private static string Data(Value value)
    {
        if (value.Constant is not { } constant)
            throw new GraphException($"{value} is no constant.");
        if (constant.Bytes.Length > LargestPrintedBytes)
            return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(constant.Bytes.Span));
        return constant.Type switch
        {
            ElementType.Float32 => string.Join(" ", constant.AsFloats().ToArray().Select(number => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture))),
            ElementType.Int64 => string.Join(" ", constant.AsInt64s().ToArray()),
            _ => "0x" + Convert.ToHexStringLower(constant.Bytes.Span),
        };
    }
}
