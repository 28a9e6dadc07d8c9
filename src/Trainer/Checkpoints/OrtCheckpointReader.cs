using System.Runtime.InteropServices;
using System.Text;
using BiT.Training.Artifacts;
using Google.FlatBuffers;
using Format = BiT.Training.Checkpoints.OrtCheckpointFormat;

namespace BiT.Training.Checkpoints;

/// <summary>Reads checkpoints of ONNX Runtime Training: ours, and those that it has saved.</summary>
internal sealed class OrtCheckpointReader(byte[] bytes)
{
    private const int HeaderBytes = 8;

    private readonly ByteBuffer _buffer = new(bytes);

    /// <summary>Whether a file begins like such a checkpoint.</summary>
    public static bool IsCheckpoint(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderBytes];
        return file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) == HeaderBytes && HasIdentifier(header);
    }

    /// <param name="bytes">A whole file.</param>
    /// <param name="version">The format version that is expected.</param>
    /// <exception cref="ArtifactException">Not such a checkpoint, another version, or damaged.</exception>
    public static OrtCheckpoint Read(byte[] bytes, int version)
    {
        if (bytes.Length < HeaderBytes || !HasIdentifier(bytes))
            throw new ArtifactException($"Not a checkpoint of ONNX Runtime Training: bytes 4 to 8 are not {Format.FileIdentifier}.");
        try
        {
            return new OrtCheckpointReader(bytes).Read(version);
        }
        catch (Exception problem) when (problem is ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new ArtifactException($"The checkpoint is damaged: {problem.Message}", problem);
        }
    }

    private static bool HasIdentifier(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes[4..HeaderBytes]) == Format.FileIdentifier;

    private OrtCheckpoint Read(int version)
    {
        var root = new Table(_buffer.GetInt(0), _buffer);
        if (Int(root, Format.Checkpoint.Version) is var written && written != version)
            throw new ArtifactException($"The checkpoint has format version {written}; expected {version}. Save it with the runtime that the artifacts are for.");
        var module = Child(root, Format.Checkpoint.ModuleState) ?? throw new ArtifactException("The checkpoint holds no parameters.");
        var group = Children(root, Format.Checkpoint.OptimizerGroups).Select(table => (Table?)table).FirstOrDefault();
        return new OrtCheckpoint
        {
            Step = group is { } steps ? Long(steps, Format.OptimizerGroup.Step) : 0,
            Parameters = [.. Children(module, Format.ModuleState.TrainedParameters).Select(Tensor)],
            Momenta = group is { } states ? Momenta(states) : new Dictionary<string, OrtMomenta>(),
            Properties = Child(root, Format.Checkpoint.PropertyBag) is { } bag
                ? Children(bag, Format.PropertyBag.Texts).ToDictionary(text => Text(text, Format.TextProperty.Name), text => Text(text, Format.TextProperty.Value))
                : new Dictionary<string, string>(),
        };
    }

    private Dictionary<string, OrtMomenta> Momenta(Table group)
    {
        var result = new Dictionary<string, OrtMomenta>();
        foreach (var state in Children(group, Format.OptimizerGroup.States))
        {
            var tensors = Children(state, Format.ParameterState.Momenta).Select(Tensor).ToDictionary(tensor => tensor.Name);
            if (tensors.TryGetValue(Format.FirstMomentum, out var first))
                result.Add(Text(state, Format.ParameterState.ParameterName), new OrtMomenta(first, tensors.GetValueOrDefault(Format.SecondMomentum)));
        }
        return result;
    }

    private OrtTensor Tensor(Table table)
    {
        var name = Text(table, Format.Tensor.Name);
        if (Int(table, Format.Tensor.Type) is var type && type != Format.Float32)
            throw new ArtifactException($"Array {name} of the checkpoint has element type {type}; expected {Format.Float32} (float32).");
        var (sizes, data) = (Vector(table, Format.Tensor.Sizes), Vector(table, Format.Tensor.RawData));
        var shape = Enumerable.Range(0, sizes.Count).Select(index => _buffer.GetLong(sizes.Start + index * sizeof(long))).ToArray();
        var count = shape.Aggregate(1L, (product, size) => checked(product * size));
        if (count * sizeof(float) != data.Count)
            throw new ArtifactException($"Array {name} of the checkpoint has {data.Count} bytes; its shape [{string.Join(",", shape)}] needs {count * sizeof(float)}.");
        return new OrtTensor(name, shape, MemoryMarshal.Cast<byte, float>(bytes.AsSpan(data.Start, data.Count)).ToArray());
    }

    private static int Offset(Table table, int slot) => table.__offset(4 + 2 * slot);

    private int Int(Table table, int slot) => Offset(table, slot) is > 0 and var offset ? _buffer.GetInt(table.bb_pos + offset) : 0;

    private long Long(Table table, int slot) => Offset(table, slot) is > 0 and var offset ? _buffer.GetLong(table.bb_pos + offset) : 0;

    private static string Text(Table table, int slot) => Offset(table, slot) is > 0 and var offset
        ? table.__string(table.bb_pos + offset)
        : throw new ArtifactException("The checkpoint has an entry without its name.");

    private Table? Child(Table table, int slot) => Offset(table, slot) is > 0 and var offset
        ? new Table(table.__indirect(table.bb_pos + offset), _buffer)
        : null;

    private IEnumerable<Table> Children(Table table, int slot)
    {
        var (start, count) = Vector(table, slot);
        return Enumerable.Range(0, count).Select(index => new Table(table.__indirect(start + index * sizeof(int)), _buffer));
    }

    private static (int Start, int Count) Vector(Table table, int slot) =>
        Offset(table, slot) is > 0 and var offset ? (table.__vector(offset), table.__vector_len(offset)) : (0, 0);
}
