using System.Runtime.InteropServices;
using BiT.Training.Artifacts;
using Google.FlatBuffers;
using Format = BiT.Training.Checkpoints.OrtCheckpointFormat;

namespace BiT.Training.Checkpoints;

/// <summary>Writes checkpoints of ONNX Runtime Training.</summary>
/// <remarks>FlatBuffers are built from their end: whatever is pointed to is written first.</remarks>
internal sealed class OrtCheckpointWriter
{
    private readonly FlatBufferBuilder _builder;

    private OrtCheckpointWriter(int initialSize) => _builder = new FlatBufferBuilder(initialSize);

    /// <summary>The bytes of a checkpoint file.</summary>
    /// <param name="checkpoint">What to write.</param>
    /// <param name="version">Format version of the runtime that is to read it: it refuses every other.</param>
    /// <exception cref="ArtifactException">The file would have 2 GiB or more.</exception>
    public static byte[] ToBytes(OrtCheckpoint checkpoint, int version)
    {
        var arrays = checkpoint.Parameters.Concat(checkpoint.Momenta.Values.SelectMany(momenta => momenta.All));
        // Names, sizes and tables take a few hundred bytes per array.
        var bytes = arrays.Sum(array => array.Values.LongLength * sizeof(float) + 512 + 4L * array.Name.Length);
        if (bytes > Format.MaxBytes)
        {
            throw new ArtifactException($"The checkpoint would have {bytes:N0} bytes; ONNX Runtime Training's format ends at {Format.MaxBytes:N0}. "
                + "Choose a smaller network, or an optimiser without momenta.");
        }
        var writer = new OrtCheckpointWriter((int)bytes + 4096);
        writer.Write(checkpoint, version);
        return writer._builder.SizedByteArray();
    }

    private void Write(OrtCheckpoint checkpoint, int version)
    {
        var module = ModuleState(checkpoint.Parameters);
        var groups = Vector(checkpoint is { Step: 0, Momenta.Count: 0 } ? [] : [OptimizerGroup(checkpoint)]);
        var properties = PropertyBag(checkpoint.Properties);
        _builder.StartTable(Format.Checkpoint.FieldCount);
        _builder.AddInt(Format.Checkpoint.Version, version, 0);
        _builder.AddOffset(Format.Checkpoint.ModuleState, module, 0);
        _builder.AddOffset(Format.Checkpoint.OptimizerGroups, groups, 0);
        _builder.AddOffset(Format.Checkpoint.PropertyBag, properties, 0);
        _builder.Finish(_builder.EndTable(), Format.FileIdentifier);
    }

    // Both lists must be there, also an empty one.
    private int ModuleState(IReadOnlyList<OrtTensor> parameters)
    {
        var trained = Vector([.. parameters.Select(parameter => Tensor(parameter, parameter.Name))]);
        var frozen = Vector([]);
        _builder.StartTable(Format.ModuleState.FieldCount);
        _builder.AddOffset(Format.ModuleState.TrainedParameters, trained, 0);
        _builder.AddOffset(Format.ModuleState.FrozenParameters, frozen, 0);
        return _builder.EndTable();
    }

    private int OptimizerGroup(OrtCheckpoint checkpoint)
    {
        var states = Vector([.. checkpoint.Parameters.Select(parameter => ParameterState(parameter.Name, checkpoint))]);
        var name = _builder.CreateString(Format.GroupName).Value;
        _builder.StartTable(Format.OptimizerGroup.FieldCount);
        _builder.AddOffset(Format.OptimizerGroup.Name, name, 0);
        _builder.AddLong(Format.OptimizerGroup.Step, checkpoint.Step, 0);
        _builder.AddFloat(Format.OptimizerGroup.InitialLearningRate, Networks.OrtOptimizerGraph.InitialLearningRate, 0);
        _builder.AddOffset(Format.OptimizerGroup.States, states, 0);
        return _builder.EndTable();
    }

    private int ParameterState(string parameter, OrtCheckpoint checkpoint)
    {
        int[] tensors = checkpoint.Momenta.TryGetValue(parameter, out var momenta)
            ? [.. momenta.All.Select(tensor => Tensor(tensor, tensor.Name))]
            : [];
        var list = Vector(tensors);
        var name = _builder.CreateString(parameter).Value;
        _builder.StartTable(Format.ParameterState.FieldCount);
        _builder.AddOffset(Format.ParameterState.ParameterName, name, 0);
        _builder.AddOffset(Format.ParameterState.Momenta, list, 0);
        return _builder.EndTable();
    }

    private int PropertyBag(IReadOnlyDictionary<string, string> properties)
    {
        var texts = Vector([.. properties.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => TextProperty(entry.Key, entry.Value))]);
        var integers = Vector([]);
        var reals = Vector([]);
        _builder.StartTable(Format.PropertyBag.FieldCount);
        _builder.AddOffset(Format.PropertyBag.Integers, integers, 0);
        _builder.AddOffset(Format.PropertyBag.Reals, reals, 0);
        _builder.AddOffset(Format.PropertyBag.Texts, texts, 0);
        return _builder.EndTable();
    }

    private int TextProperty(string key, string text)
    {
        var value = _builder.CreateString(text).Value;
        var name = _builder.CreateString(key).Value;
        _builder.StartTable(Format.TextProperty.FieldCount);
        _builder.AddOffset(Format.TextProperty.Name, name, 0);
        _builder.AddOffset(Format.TextProperty.Value, value, 0);
        return _builder.EndTable();
    }

    private int Tensor(OrtTensor tensor, string tensorName)
    {
        var data = Bytes(MemoryMarshal.AsBytes<float>(tensor.Values));
        _builder.StartVector(sizeof(long), tensor.Sizes.Count, sizeof(long));
        foreach (var size in tensor.Sizes.Reverse())
            _builder.AddLong(size);
        var sizes = _builder.EndVector().Value;
        var name = _builder.CreateString(tensorName).Value;
        _builder.StartTable(Format.Tensor.FieldCount);
        _builder.AddOffset(Format.Tensor.Name, name, 0);
        _builder.AddOffset(Format.Tensor.Sizes, sizes, 0);
        _builder.AddInt(Format.Tensor.Type, Format.Float32, 0);
        _builder.AddOffset(Format.Tensor.RawData, data, 0);
        return _builder.EndTable();
    }

    private int Bytes(ReadOnlySpan<byte> bytes)
    {
        // Aligned for whoever reads the floats in place.
        _builder.StartVector(1, bytes.Length, sizeof(long));
        _builder.Put(bytes.ToArray());
        return _builder.EndVector().Value;
    }

    private int Vector(int[] offsets)
    {
        _builder.StartVector(sizeof(int), offsets.Length, sizeof(int));
        for (var index = offsets.Length - 1; index >= 0; index--)
            _builder.AddOffset(offsets[index]);
        return _builder.EndVector().Value;
    }
}
