using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>One parameter's step of SGD with momentum and weight decay.</summary>
/// <remarks>m' = momentum * m + (g + decay * p), p' = p - rate * m'.</remarks>
internal static unsafe class MomentumKernel
{
    private const int ElementsPerTask = 1 << 16;

    /// <summary>MomentumStep(p, g, m: one shape; rate [1]; momentum [1]; decay [1]) -> p', m'.</summary>
    public static KernelDefinition Definition { get; } = new("MomentumStep", 6, 2, _ => Run);

    private static void Run(KernelContext context)
    {
        var (p, g, m) = (context.Input(0), context.Input(1), context.Input(2));
        g.Require("The gradient of a parameter", p.Sizes);
        m.Require("The momentum of a parameter", p.Sizes);
        var (rate, momentum, decay) = (Single(context.Input(3), "rate"), Single(context.Input(4), "momentum"), Single(context.Input(5), "decay"));
        var (updated, updatedMomentum) = (context.Output(0, p.Sizes), context.Output(1, p.Sizes));
        var count = p.ElementCount;
        context.ParallelFor(checked((int)((count + ElementsPerTask - 1) / ElementsPerTask)), task =>
        {
            var first = (long)task * ElementsPerTask;
            Step(p.Data + first, g.Data + first, m.Data + first, updated.Data + first, updatedMomentum.Data + first,
                (nuint)Math.Min(ElementsPerTask, count - first), rate, momentum, decay);
        });
    }

    private static float Single(KernelTensor tensor, string name)
    {
        tensor.Require($"The {name} of a step", 1);
        return tensor.Data[0];
    }

    private static void Step(
        float* p, float* g, float* m, float* updated, float* updatedMomentum, nuint count, float rate, float momentum, float decay)
    {
        var (rates, momenta, decays) = (Vector512.Create(-rate), Vector512.Create(momentum), Vector512.Create(decay));
        nuint index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var weight = Vector512.Load(p + index);
            var gradient = Vector512.FusedMultiplyAdd(weight, decays, Vector512.Load(g + index));
            var next = Vector512.FusedMultiplyAdd(Vector512.Load(m + index), momenta, gradient);
            Vector512.Store(next, updatedMomentum + index);
            Vector512.Store(Vector512.FusedMultiplyAdd(next, rates, weight), updated + index);
        }
        for (; index < count; index++)
        {
            var next = MathF.FusedMultiplyAdd(m[index], momentum, MathF.FusedMultiplyAdd(p[index], decay, g[index]));
            updatedMomentum[index] = next;
            updated[index] = MathF.FusedMultiplyAdd(next, -rate, p[index]);
        }
    }
}
