using System.Runtime.InteropServices;

namespace BiT.Core.Runtime.Kernels;

/// <summary>struct OrtCustomOp of onnxruntime_c_api.h up to its fields of version 18, and behind them our handle: ONNX Runtime hands the
/// pointer back to the callbacks, which find their kernel there.</summary>
/// <remarks>ONNX Runtime keeps the pointer: it lives in native memory until the process ends.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CustomOperator
{
    public uint Version;
    public nint CreateKernel;
    public delegate* unmanaged<CustomOperator*, nint> GetName;
    public delegate* unmanaged<CustomOperator*, nint> GetExecutionProviderType;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetInputType;
    public delegate* unmanaged<CustomOperator*, nuint> GetInputTypeCount;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetOutputType;
    public delegate* unmanaged<CustomOperator*, nuint> GetOutputTypeCount;
    public nint KernelCompute;
    public delegate* unmanaged<nint, void> KernelDestroy;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetInputCharacteristic;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetOutputCharacteristic;
    public delegate* unmanaged<CustomOperator*, nuint, int> GetInputMemoryType;
    public delegate* unmanaged<CustomOperator*, int> GetVariadicInputMinArity;
    public delegate* unmanaged<CustomOperator*, int> GetVariadicInputHomogeneity;
    public delegate* unmanaged<CustomOperator*, int> GetVariadicOutputMinArity;
    public delegate* unmanaged<CustomOperator*, int> GetVariadicOutputHomogeneity;
    public delegate* unmanaged<CustomOperator*, nint, nint, nint*, nint> CreateKernelV2;
    public delegate* unmanaged<nint, nint, nint> KernelComputeV2;
    public nint InferOutputShape;
    public delegate* unmanaged<CustomOperator*, int> GetStartVersion;
    public delegate* unmanaged<CustomOperator*, int> GetEndVersion;
    public delegate* unmanaged<int**, int**, nuint> GetMayInplace;
    public delegate* unmanaged<int*, int*, void> ReleaseMayInplace;
    public nint GetAliasMap;
    public nint ReleaseAliasMap;

    // Ours.
    public nint Definition;
    public nint Name;

    /// <summary>Describes a kernel to ONNX Runtime.</summary>
    /// <returns>Native memory, never freed.</returns>
    public static CustomOperator* Create(KernelDefinition definition)
    {
        var @operator = (CustomOperator*)NativeMemory.AllocZeroed((nuint)sizeof(CustomOperator));
        *@operator = new CustomOperator
        {
            Version = NativeRuntime.ApiVersion,
            GetName = &NameOf,
            GetExecutionProviderType = &ProviderOf,
            GetInputType = &FloatType,
            GetInputTypeCount = &InputCount,
            GetOutputType = &FloatType,
            GetOutputTypeCount = &OutputCount,
            KernelDestroy = &Destroy,
            GetInputCharacteristic = &Required,
            GetOutputCharacteristic = &Required,
            GetInputMemoryType = &DefaultMemory,
            GetVariadicInputMinArity = &One,
            GetVariadicInputHomogeneity = &One,
            GetVariadicOutputMinArity = &One,
            GetVariadicOutputHomogeneity = &One,
            CreateKernelV2 = &CreateInstance,
            KernelComputeV2 = &Compute,
            GetStartVersion = &One,
            GetEndVersion = &LastVersion,
            GetMayInplace = definition.InPlace switch
            {
                null => null,
                1 => &SecondInput,
                3 => &FourthInput,
                _ => throw new ArgumentException($"{definition.Name} takes the place of input {definition.InPlace}; 1 and 3 are possible."),
            },
            ReleaseMayInplace = definition.InPlace is null ? null : &ReleasePair,
            Definition = GCHandle.ToIntPtr(GCHandle.Alloc(definition)),
            Name = Marshal.StringToCoTaskMemUTF8(definition.Name),
        };
        return @operator;
    }

    private static KernelDefinition DefinitionOf(CustomOperator* @operator) =>
        (KernelDefinition?)GCHandle.FromIntPtr(@operator->Definition).Target ?? throw new InvalidOperationException("The kernel's handle is empty.");

    [UnmanagedCallersOnly]
    private static nint NameOf(CustomOperator* @operator) => @operator->Name;

    // Null: the CPU provider.
    [UnmanagedCallersOnly]
    private static nint ProviderOf(CustomOperator* @operator) => 0;

    [UnmanagedCallersOnly]
    private static int FloatType(CustomOperator* @operator, nuint index) => KernelTensor.FloatType;

    [UnmanagedCallersOnly]
    private static nuint InputCount(CustomOperator* @operator) => (nuint)DefinitionOf(@operator).InputCount;

    [UnmanagedCallersOnly]
    private static nuint OutputCount(CustomOperator* @operator) => (nuint)DefinitionOf(@operator).OutputCount;

    // INPUT_OUTPUT_REQUIRED.
    [UnmanagedCallersOnly]
    private static int Required(CustomOperator* @operator, nuint index) => 0;

    [UnmanagedCallersOnly]
    private static int DefaultMemory(CustomOperator* @operator, nuint index) => 0;

    [UnmanagedCallersOnly]
    private static int One(CustomOperator* @operator) => 1;

    [UnmanagedCallersOnly]
    private static int LastVersion(CustomOperator* @operator) => int.MaxValue;

    // ONNX Runtime does not say of which operator: a function for each input.
    [UnmanagedCallersOnly]
    private static nuint SecondInput(int** inputs, int** outputs) => FirstOutputFor(1, inputs, outputs);

    [UnmanagedCallersOnly]
    private static nuint FourthInput(int** inputs, int** outputs) => FirstOutputFor(3, inputs, outputs);

    private static nuint FirstOutputFor(int input, int** inputs, int** outputs)
    {
        *inputs = (int*)NativeMemory.Alloc(sizeof(int));
        *outputs = (int*)NativeMemory.Alloc(sizeof(int));
        (**inputs, **outputs) = (input, 0);
        return 1;
    }

    [UnmanagedCallersOnly]
    private static void ReleasePair(int* inputs, int* outputs)
    {
        NativeMemory.Free(inputs);
        NativeMemory.Free(outputs);
    }

    [UnmanagedCallersOnly]
    private static nint CreateInstance(CustomOperator* @operator, nint api, nint info, nint* kernel)
    {
        try
        {
            *kernel = GCHandle.ToIntPtr(GCHandle.Alloc(DefinitionOf(@operator).Create(new KernelAttributes(info))));
            return 0;
        }
        catch (Exception problem)
        {
            return NativeRuntime.CreateFailure(problem);
        }
    }

    [UnmanagedCallersOnly]
    private static nint Compute(nint kernel, nint context)
    {
        try
        {
            var compute = (KernelFunction?)GCHandle.FromIntPtr(kernel).Target ?? throw new InvalidOperationException("The kernel was destroyed.");
            using var kernelContext = new KernelContext(context);
            compute(kernelContext);
            return 0;
        }
        catch (Exception problem)
        {
            return NativeRuntime.CreateFailure(problem);
        }
    }

    [UnmanagedCallersOnly]
    private static void Destroy(nint kernel) => GCHandle.FromIntPtr(kernel).Free();
}
