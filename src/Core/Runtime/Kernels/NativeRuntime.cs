using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Core.Runtime.Kernels;

/// <summary>The functions of ONNX Runtime's C API that custom operators need and that the managed package does not offer.</summary>
/// <remarks>Source: onnxruntime_c_api.h, struct OrtApi. The table only grows at its end, so that an index stays what it is; a test compares
/// <see cref="Indices"/> with the header of the referenced package.</remarks>
internal static unsafe class NativeRuntime
{
    // KernelContext_ParallelFor and the in-place fields of OrtCustomOp came with 1.17 and 1.18: the oldest table that has everything.
    public const uint ApiVersion = 18;

    private const int CreateStatusIndex = 0;
    private const int GetErrorMessageIndex = 2;
    private const int CreateCustomOpDomainIndex = 26;
    private const int CustomOpDomainAddIndex = 27;
    private const int AddCustomOpDomainIndex = 28;
    private const int GetTensorMutableDataIndex = 51;
    private const int GetTensorElementTypeIndex = 60;
    private const int GetDimensionsCountIndex = 61;
    private const int GetDimensionsIndex = 62;
    private const int GetTensorTypeAndShapeIndex = 65;
    private const int CreateCpuMemoryInfoIndex = 69;
    private const int KernelInfoGetAttributeFloatIndex = 85;
    private const int KernelContextGetInputIndex = 90;
    private const int KernelContextGetOutputIndex = 91;
    private const int ReleaseStatusIndex = 93;
    private const int ReleaseTensorTypeAndShapeInfoIndex = 99;
    private const int ReleaseAllocatorIndex = 132;
    private const int KernelInfoGetAttributeArrayInt64Index = 163;
    private const int KernelContextGetAllocatorIndex = 253;
    private const int KernelContextParallelForIndex = 274;

    // OrtArenaAllocator and OrtMemTypeDefault.
    private const int ArenaAllocator = 1;
    private const int DefaultMemory = 0;

    private static readonly void** Functions = Load();
    private static readonly nint CpuMemory = CreateCpuMemoryInfo();

    /// <summary>Every index that is used, by the function's name in the header.</summary>
    public static IReadOnlyDictionary<string, int> Indices { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["CreateStatus"] = CreateStatusIndex,
        ["GetErrorMessage"] = GetErrorMessageIndex,
        ["CreateCustomOpDomain"] = CreateCustomOpDomainIndex,
        ["CustomOpDomain_Add"] = CustomOpDomainAddIndex,
        ["AddCustomOpDomain"] = AddCustomOpDomainIndex,
        ["GetTensorMutableData"] = GetTensorMutableDataIndex,
        ["GetTensorElementType"] = GetTensorElementTypeIndex,
        ["GetDimensionsCount"] = GetDimensionsCountIndex,
        ["GetDimensions"] = GetDimensionsIndex,
        ["GetTensorTypeAndShape"] = GetTensorTypeAndShapeIndex,
        ["CreateCpuMemoryInfo"] = CreateCpuMemoryInfoIndex,
        ["KernelInfoGetAttribute_float"] = KernelInfoGetAttributeFloatIndex,
        ["KernelContext_GetInput"] = KernelContextGetInputIndex,
        ["KernelContext_GetOutput"] = KernelContextGetOutputIndex,
        ["ReleaseStatus"] = ReleaseStatusIndex,
        ["ReleaseTensorTypeAndShapeInfo"] = ReleaseTensorTypeAndShapeInfoIndex,
        ["ReleaseAllocator"] = ReleaseAllocatorIndex,
        ["KernelInfoGetAttributeArray_int64"] = KernelInfoGetAttributeArrayInt64Index,
        ["KernelContext_GetAllocator"] = KernelContextGetAllocatorIndex,
        ["KernelContext_ParallelFor"] = KernelContextParallelForIndex,
    };

    /// <summary>A status that carries an error to ONNX Runtime, which releases it.</summary>
    public static nint CreateFailure(Exception problem)
    {
        // ORT_FAIL
        const int failure = 1;
        var message = Encoding.UTF8.GetBytes($"{problem.GetType().Name}: {problem.Message}\0");
        fixed (byte* text = message)
            return ((delegate* unmanaged<int, byte*, nint>)Functions[CreateStatusIndex])(failure, text);
    }

    public static nint CreateDomain(byte* name)
    {
        nint domain;
        Check(((delegate* unmanaged<byte*, nint*, nint>)Functions[CreateCustomOpDomainIndex])(name, &domain));
        return domain;
    }

    public static void AddOperator(nint domain, CustomOperator* @operator) =>
        Check(((delegate* unmanaged<nint, CustomOperator*, nint>)Functions[CustomOpDomainAddIndex])(domain, @operator));

    public static void AddDomain(SessionOptions options, nint domain)
    {
        Check(((delegate* unmanaged<nint, nint, nint>)Functions[AddCustomOpDomainIndex])(options.DangerousGetHandle(), domain));
        GC.KeepAlive(options);
    }

    public static nint Input(nint context, int index)
    {
        nint value;
        Check(((delegate* unmanaged<nint, nuint, nint*, nint>)Functions[KernelContextGetInputIndex])(context, (nuint)index, &value));
        return value;
    }

    public static nint Output(nint context, int index, ReadOnlySpan<long> sizes)
    {
        nint value;
        fixed (long* first = sizes)
        {
            Check(((delegate* unmanaged<nint, nuint, long*, nuint, nint*, nint>)Functions[KernelContextGetOutputIndex])(
                context, (nuint)index, first, (nuint)sizes.Length, &value));
        }
        return value;
    }

    public static void* Data(nint value)
    {
        void* data;
        Check(((delegate* unmanaged<nint, void**, nint>)Functions[GetTensorMutableDataIndex])(value, &data));
        return data;
    }

    /// <summary>Element type (TensorProto.DataType) and sizes of a tensor.</summary>
    public static (int Type, long[] Sizes) TypeAndSizes(nint value)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)Functions[GetTensorTypeAndShapeIndex])(value, &info));
        try
        {
            int type;
            nuint rank;
            Check(((delegate* unmanaged<nint, int*, nint>)Functions[GetTensorElementTypeIndex])(info, &type));
            Check(((delegate* unmanaged<nint, nuint*, nint>)Functions[GetDimensionsCountIndex])(info, &rank));
            var sizes = new long[(int)rank];
            fixed (long* first = sizes)
                Check(((delegate* unmanaged<nint, long*, nuint, nint>)Functions[GetDimensionsIndex])(info, first, rank));
            return (type, sizes);
        }
        finally
        {
            ((delegate* unmanaged<nint, void>)Functions[ReleaseTensorTypeAndShapeInfoIndex])(info);
        }
    }

    public static float FloatAttribute(nint info, string name)
    {
        float result;
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
            Check(((delegate* unmanaged<nint, byte*, float*, nint>)Functions[KernelInfoGetAttributeFloatIndex])(info, text, &result));
        return result;
    }

    public static long[] IntegersAttribute(nint info, string name)
    {
        var read = (delegate* unmanaged<nint, byte*, long*, nuint*, nint>)Functions[KernelInfoGetAttributeArrayInt64Index];
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            nuint count = 0;
            Check(read(info, text, null, &count));
            var result = new long[(int)count];
            fixed (long* first = result)
                Check(read(info, text, first, &count));
            return result;
        }
    }

    /// <summary>Calls back for 0 to total - 1 on the session's own threads and returns when all have returned.</summary>
    public static void ParallelFor(nint context, delegate* unmanaged<void*, nuint, void> body, int total, void* user) =>
        Check(((delegate* unmanaged<nint, delegate* unmanaged<void*, nuint, void>, nuint, nuint, void*, nint>)
            Functions[KernelContextParallelForIndex])(context, body, (nuint)total, 0, user));

    /// <summary>The session's allocator; to be given back with <see cref="ReleaseAllocator"/>.</summary>
    public static Allocator* GetAllocator(nint context)
    {
        Allocator* allocator;
        Check(((delegate* unmanaged<nint, nint, Allocator**, nint>)Functions[KernelContextGetAllocatorIndex])(context, CpuMemory, &allocator));
        return allocator;
    }

    public static void ReleaseAllocator(Allocator* allocator) =>
        ((delegate* unmanaged<Allocator*, void>)Functions[ReleaseAllocatorIndex])(allocator);

    private static void** Load()
    {
        var library = NativeLibrary.Load("onnxruntime", typeof(SessionOptions).Assembly, null);
        var getBase = (delegate* unmanaged<void**>)NativeLibrary.GetExport(library, "OrtGetApiBase");
        // struct OrtApiBase: GetApi, GetVersionString.
        var getApi = (delegate* unmanaged<uint, void**>)getBase()[0];
        var functions = getApi(ApiVersion);
        return functions is not null ? functions : throw new NotSupportedException($"ONNX Runtime does not offer version {ApiVersion} of its C API.");
    }

    private static nint CreateCpuMemoryInfo()
    {
        nint info;
        Check(((delegate* unmanaged<int, int, nint*, nint>)Functions[CreateCpuMemoryInfoIndex])(ArenaAllocator, DefaultMemory, &info));
        return info;
    }

    private static void Check(nint status)
    {
        if (status == 0)
            return;
        var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Functions[GetErrorMessageIndex])(status));
        ((delegate* unmanaged<nint, void>)Functions[ReleaseStatusIndex])(status);
        throw new InvalidOperationException($"ONNX Runtime refused a kernel's call: {message}");
    }
}

/// <summary>The first fields of struct OrtAllocator.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Allocator
{
    public uint Version;
    public delegate* unmanaged<Allocator*, nuint, void*> Allocate;
    public delegate* unmanaged<Allocator*, void*, void> Free;
}
