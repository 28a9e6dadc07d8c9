namespace BiT.Graphs.Serialization;

/// <summary>Measures an ONNX file by its outermost fields, before it is parsed: a parsed node takes a hundred times the bytes of an empty one
/// in the file, so a hostile file could take all memory.</summary>
/// <remarks>Source: protobuf's wire format; field numbers as in proto/onnx/onnx.proto.</remarks>
internal static class OnnxMeasure
{
    /// <summary>Most bytes of a file: what one file holds, with room for everything that is no data.</summary>
    public const long MaxFileBytes = OnnxWriter.ExternalDataThreshold + MaxStructureBytes + MaxMetadataBytes;

    /// <summary>Most bytes that are neither data of initializers nor metadata. The largest network has less than a tenth.</summary>
    public const int MaxStructureBytes = 4 << 20;

    /// <summary>Most bytes of metadata_props; they hold the class names.</summary>
    public const int MaxMetadataBytes = 16 << 20;

    private const int ModelGraph = 7;
    private const int ModelMetadata = 14;
    private const int GraphInitializer = 5;
    private const int TensorRawData = 9;

    /// <summary>Reads the outermost fields; skips the data.</summary>
    /// <param name="file">At its beginning; can seek.</param>
    /// <exception cref="GraphException">Not a protobuf message, or over a limit.</exception>
    public static void Check(Stream file)
    {
        if (file.Length > MaxFileBytes)
            throw new GraphException($"The file has {file.Length:N0} bytes; a model in one file has at most {MaxFileBytes:N0}.");
        var size = new Size();
        Walk(file, file.Length, (field, end) =>
        {
            if (field == ModelMetadata)
                size.AddMetadata(end - file.Position);
            if (field == ModelGraph)
                WalkGraph(file, end, size);
            else if (field != ModelMetadata)
                size.AddStructure(end - file.Position);
        }, size);
    }

    private static void WalkGraph(Stream file, long graphEnd, Size size) => Walk(file, graphEnd, (field, end) =>
    {
        if (field != GraphInitializer)
        {
            size.AddStructure(end - file.Position);
            return;
        }
        Walk(file, end, (tensorField, tensorEnd) =>
        {
            if (tensorField != TensorRawData)
                size.AddStructure(tensorEnd - file.Position);
        }, size);
    }, size);

    // Calls back for every field that has a length, at its content; goes on behind it.
    private static void Walk(Stream file, long end, Action<int, long> visit, Size size)
    {
        while (file.Position < end)
        {
            size.AddStructure(2);
            var tag = ReadVarint(file, end);
            switch (tag & 7)
            {
                case 0:
                    ReadVarint(file, end);
                    break;
                case 1:
                    Skip(file, file.Position + 8, end);
                    break;
                case 2:
                    var length = ReadVarint(file, end);
                    if (length > (ulong)(end - file.Position))
                        throw Damaged();
                    var fieldEnd = file.Position + (long)length;
                    visit((int)Math.Min(tag >> 3, int.MaxValue), fieldEnd);
                    Skip(file, fieldEnd, end);
                    break;
                case 5:
                    Skip(file, file.Position + 4, end);
                    break;
                default:
                    throw Damaged();
            }
        }
    }

    private static void Skip(Stream file, long position, long end)
    {
        if (position > end)
            throw Damaged();
        file.Position = position;
    }

    private static ulong ReadVarint(Stream file, long end)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64 && file.Position < end; shift += 7)
        {
            var part = file.ReadByte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
        throw Damaged();
    }

    private static GraphException Damaged() => new("Not an ONNX model: a field of the file is cut or malformed.");

    private sealed class Size
    {
        private long _structure;
        private long _metadata;

        public void AddStructure(long bytes) => Add(ref _structure, bytes, MaxStructureBytes, "beside the data of its initializers");

        public void AddMetadata(long bytes) => Add(ref _metadata, bytes, MaxMetadataBytes, "of metadata_props");

        private static void Add(ref long sum, long bytes, long limit, string what)
        {
            sum += bytes;
            if (sum > limit)
                throw new GraphException($"The model has more than {limit:N0} bytes {what}; no network of this service has.");
        }
    }
}
