using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace BiT.Core.Runtime.Kernels;

/// <summary>A float32 tensor of ONNX Runtime: row-major elements that live as long as the call of the kernel.</summary>
internal readonly unsafe struct KernelTensor(float* data, long[] sizes)
{
    /// <summary>TensorProto.DataType of float32.</summary>
    public const int FloatType = 1;

    /// <summary>The first element; may be null if there is none.</summary>
    public float* Data => data;

    public long[] Sizes => sizes;

    public int Rank => sizes.Length;

    public long ElementCount
    {
        get
        {
            var count = 1L;
            foreach (var size in sizes)
                count = checked(count * size);
            return count;
        }
    }

    /// <summary>The size of an axis.</summary>
    public int this[int axis] => checked((int)sizes[axis]);

    /// <exception cref="ArgumentException">The tensor has another shape.</exception>
    public void Require(string name, params ReadOnlySpan<long> expected)
    {
        if (!sizes.AsSpan().SequenceEqual(expected))
            throw new ArgumentException($"{name} is [{string.Join(",", sizes)}]; expected [{string.Join(",", expected.ToArray())}].");
    }

    /// <exception cref="ArgumentException">The tensor has another rank.</exception>
    public void RequireRank(string name, int rank)
    {
        if (sizes.Length != rank)
            throw new ArgumentException($"{name} is [{string.Join(",", sizes)}]; expected {rank} axes.");
    }
}

/// <summary>What a kernel sees of the run that calls it. Valid during the call only.</summary>
internal sealed unsafe class KernelContext(nint context) : IDisposable
{
    private readonly List<nint> _scratch = [];
    private Allocator* _allocator;

    public KernelTensor Input(int index)
    {
        var value = NativeRuntime.Input(context, index);
        if (value == 0)
            throw new ArgumentException($"Input {index} is missing.");
        var (type, sizes) = NativeRuntime.TypeAndSizes(value);
        if (type != KernelTensor.FloatType)
            throw new ArgumentException($"Input {index} has element type {type}; expected {KernelTensor.FloatType} (float32).");
        return new KernelTensor((float*)NativeRuntime.Data(value), sizes);
    }

    /// <summary>Allocates an output. Its elements are not initialised.</summary>
    public KernelTensor Output(int index, params long[] sizes)
    {
        var value = NativeRuntime.Output(context, index, sizes);
        if (value == 0)
            throw new ArgumentException($"Output {index} is missing.");
        return new KernelTensor((float*)NativeRuntime.Data(value), sizes);
    }

    /// <summary>Memory from the session's arena until the kernel returns, aligned for vectors. Not initialised.</summary>
    /// <param name="count">Elements of float32.</param>
    public float* Scratch(long count)
    {
        if (_allocator is null)
            _allocator = NativeRuntime.GetAllocator(context);
        const int alignment = 64;
        var bytes = checked((nuint)Math.Max(1, count) * sizeof(float) + alignment);
        var memory = _allocator->Allocate(_allocator, bytes);
        if (memory is null)
            throw new OutOfMemoryException($"ONNX Runtime's arena has no {bytes} bytes for a kernel.");
        _scratch.Add((nint)memory);
        return (float*)(((nint)memory + alignment - 1) / alignment * alignment);
    }

    /// <summary>Runs the body for 0 to total - 1 on the session's threads, in any order, and returns when all are done.</summary>
    /// <exception cref="Exception">The first exception of a body.</exception>
    public void ParallelFor(int total, Action<int> body)
    {
        if (total <= 1)
        {
            if (total == 1)
                body(0);
            return;
        }
        var loop = new Loop(body);
        var handle = GCHandle.Alloc(loop);
        try
        {
            NativeRuntime.ParallelFor(context, &RunOne, total, (void*)GCHandle.ToIntPtr(handle));
        }
        finally
        {
            handle.Free();
        }
        loop.Problem?.Throw();
    }

    public void Dispose()
    {
        if (_allocator is null)
            return;
        foreach (var memory in _scratch)
            _allocator->Free(_allocator, (void*)memory);
        NativeRuntime.ReleaseAllocator(_allocator);
        _allocator = null;
    }

    [UnmanagedCallersOnly]
    private static void RunOne(void* user, nuint index)
    {
        if (GCHandle.FromIntPtr((nint)user).Target is not Loop loop)
            return;
        try
        {
            if (loop.Problem is null)
                loop.Body((int)index);
        }
        catch (Exception problem)
        {
            loop.Problem ??= ExceptionDispatchInfo.Capture(problem);
        }
    }

    private sealed class Loop(Action<int> body)
    {
        public Action<int> Body => body;

        public volatile ExceptionDispatchInfo? Problem;
    }
}
