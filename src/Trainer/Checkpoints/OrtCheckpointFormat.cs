namespace BiT.Training.Checkpoints;

/// <summary>The parts of ONNX Runtime Training's checkpoint schema that are used: a FlatBuffers file, each table by its fields' slots.</summary>
/// <remarks>Source: onnxruntime 1.19.2, onnxruntime/core/flatbuffers/schema/ort_training_checkpoint.fbs and ort.fbs. A field's offset in the
/// vtable is 4 + 2 x slot.</remarks>
internal static class OrtCheckpointFormat
{
    /// <summary>Bytes 4 to 8 of the file.</summary>
    public const string FileIdentifier = "ODTC";

    /// <summary>The name that the runtime gives to its only group.</summary>
    public const string GroupName = "group0";

    public const string FirstMomentum = "momentum0";
    public const string SecondMomentum = "momentum1";

    /// <summary>FlatBuffers count in 31 bits.</summary>
    public const long MaxBytes = int.MaxValue - (1 << 20);

    /// <summary>TensorDataType FLOAT.</summary>
    public const int Float32 = 1;

    public static class Checkpoint
    {
        public const int Version = 0, ModuleState = 1, OptimizerGroups = 2, PropertyBag = 3, FieldCount = 4;
    }

    public static class ModuleState
    {
        public const int TrainedParameters = 0, FrozenParameters = 1, FieldCount = 2;
    }

    public static class OptimizerGroup
    {
        public const int Name = 0, Step = 1, InitialLearningRate = 2, States = 3, FieldCount = 4;
    }

    public static class ParameterState
    {
        public const int ParameterName = 0, Momenta = 1, FieldCount = 2;
    }

    public static class PropertyBag
    {
        public const int Integers = 0, Reals = 1, Texts = 2, FieldCount = 3;
    }

    public static class TextProperty
    {
        public const int Name = 0, Value = 1, FieldCount = 2;
    }

    public static class Tensor
    {
        public const int Name = 0, DocString = 1, Sizes = 2, Type = 3, RawData = 4, FieldCount = 5;
    }
}
