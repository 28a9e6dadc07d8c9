using System.Runtime.Intrinsics;

namespace BiT.Core.Runtime.Kernels;

/// <summary>The checked inputs of a GroupNormRelu, and where its groups lie: group g of image n is contiguous, at number n * groups + g.</summary>
internal sealed unsafe class GroupNormLayer
{
    private const int LargestSmallMap = 64;

    private readonly int _groups;
    private readonly float _epsilon;

    public GroupNormLayer(KernelContext context, int groups, float epsilon)
    {
        (X, Gamma, Beta) = (context.Input(0), context.Input(1), context.Input(2));
        X.RequireRank("The image of a GroupNormRelu", 4);
        (Batch, Channels, MapSize) = (X[0], X[1], checked((nuint)(X.Sizes[2] * X.Sizes[3])));
        if (Channels % groups != 0)
            throw new ArgumentException($"{Channels} channels do not divide into {groups} groups.");
        Gamma.Require("Gamma", Channels);
        Beta.Require("Beta", Channels);
        (_groups, _epsilon) = (groups, epsilon);
        ChannelsPerGroup = Channels / groups;
    }

    public KernelTensor X { get; }

    public KernelTensor Gamma { get; }

    public KernelTensor Beta { get; }

    public int Batch { get; }

    public int Channels { get; }

    public int ChannelsPerGroup { get; }

    public nuint MapSize { get; }

    public int Groups => _groups;

    public nuint GroupSize => (nuint)ChannelsPerGroup * MapSize;

    /// <summary>Whether a channel is so short that its own sums would cost more than its elements.</summary>
    public bool HasSmallMaps => MapSize <= LargestSmallMap;

    public int Image(int group) => group / _groups;

    public int FirstChannel(int group) => group % _groups * ChannelsPerGroup;

    public nuint Offset(int group) => (nuint)group * GroupSize;

    public void ForEachGroup(KernelContext context, Action<int> body)
    {
        var count = checked(Batch * _groups);
        var perTask = Lanes.ItemsPerTask((long)GroupSize);
        context.ParallelFor(Lanes.TaskCount(count, perTask), task =>
        {
            for (var group = task * perTask; group < Math.Min(count, (task + 1) * perTask); group++)
                body(group);
        });
    }

    public (float Mean, float ReciprocalDeviation) Statistics(int group)
    {
        var x = X.Data + Offset(group);
        var mean = (float)(Sum(x, GroupSize) / GroupSize);
        var variance = (float)(SquaredSum(x, GroupSize, mean) / GroupSize);
        return (mean, 1 / MathF.Sqrt(variance + _epsilon));
    }

    private static double Sum(float* x, nuint count)
    {
        var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (c, d) = (Vector512<float>.Zero, Vector512<float>.Zero);
        nuint index = 0;
        for (; index + 64 <= count; index += 64)
        {
            a += Vector512.Load(x + index);
            b += Vector512.Load(x + index + 16);
            c += Vector512.Load(x + index + 32);
            d += Vector512.Load(x + index + 48);
        }
        var sum = Lanes.Sum(a + b + (c + d));
        for (; index < count; index++)
            sum += x[index];
        return sum;
    }

    private static double SquaredSum(float* x, nuint count, float mean)
    {
        var means = Vector512.Create(mean);
        var (a, b) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var (c, d) = (Vector512<float>.Zero, Vector512<float>.Zero);
        nuint index = 0;
        for (; index + 64 <= count; index += 64)
        {
            var (e, f) = (Vector512.Load(x + index) - means, Vector512.Load(x + index + 16) - means);
            var (g, h) = (Vector512.Load(x + index + 32) - means, Vector512.Load(x + index + 48) - means);
            a = Vector512.FusedMultiplyAdd(e, e, a);
            b = Vector512.FusedMultiplyAdd(f, f, b);
            c = Vector512.FusedMultiplyAdd(g, g, c);
            d = Vector512.FusedMultiplyAdd(h, h, d);
        }
        var sum = Lanes.Sum(a + b + (c + d));
        for (; index < count; index++)
        {
            var centered = (double)x[index] - mean;
            sum += centered * centered;
        }
        return sum;
    }
}
