namespace BiT.Graphs;

/// <summary>Element types of tensors. The numbers are those of ONNX's TensorProto.DataType.</summary>
public enum ElementType
{
    Float32 = 1,
    UInt8 = 2,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
}

public static class ElementTypeExtensions
{
    /// <summary>Bytes of one element in ONNX's raw data.</summary>
    public static int SizeInBytes(this ElementType type) => type switch
    {
        ElementType.UInt8 or ElementType.Bool => 1,
        ElementType.Float16 => 2,
        ElementType.Float32 or ElementType.Int32 => 4,
        ElementType.Int64 or ElementType.Float64 => 8,
        _ => throw new GraphException($"Element type {type} is unknown."),
    };

    /// <summary>Whether gradients can flow through values of the type.</summary>
    public static bool IsFloating(this ElementType type) => type is ElementType.Float32 or ElementType.Float16 or ElementType.Float64;

    /// <summary>Lower-case name as the text form prints it.</summary>
    public static string ToText(this ElementType type) => type.ToString().ToLowerInvariant();
}
