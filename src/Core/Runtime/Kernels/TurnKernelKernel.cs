namespace BiT.Core.Runtime.Kernels;

/// <summary>Turns convolution kernels for the gradient of a convolution by its image.</summary>
internal static unsafe class TurnKernelKernel
{
    /// <summary>TurnKernel(w [O,I,kh,kw]) -> [I,O,kh,kw], upside down and mirrored.</summary>
    public static KernelDefinition Definition { get; } = new("TurnKernel", 1, 1, _ => Run);

    private static void Run(KernelContext context)
    {
        var w = context.Input(0);
        w.RequireRank("A kernel", 4);
        var (outputs, inputs, taps) = (w[0], w[1], checked(w[2] * w[3]));
        var turned = context.Output(0, w.Sizes[1], w.Sizes[0], w.Sizes[2], w.Sizes[3]);
        if (turned.ElementCount == 0)
            return;
        var perTask = Lanes.ItemsPerTask((long)outputs * taps);
        context.ParallelFor(Lanes.TaskCount(inputs, perTask), task =>
        {
            var first = task * perTask;
            var count = Math.Min(perTask, inputs - first);
            if (taps == 1)
                Panels.Transpose(w.Data + first, inputs, turned.Data + (long)first * outputs, outputs, outputs, count);
            else
                Turn(w.Data, turned.Data, (outputs, inputs, taps), first, count);
        });
    }

    private static void Turn(float* source, float* target, (int Outputs, int Inputs, int Taps) sizes, int first, int count)
    {
        var (outputs, inputs, taps) = sizes;
        for (var input = first; input < first + count; input++)
        {
            for (var output = 0; output < outputs; output++)
            {
                var from = source + ((long)output * inputs + input) * taps;
                var to = target + ((long)input * outputs + output) * taps + taps - 1;
                for (var tap = 0; tap < taps; tap++)
                    *to-- = *from++;
            }
        }
    }
}
