using BiT.Training.Randomness;

namespace BiT.Training.Datasets;

/// <summary>Which photo comes at which position of the endless training stream: every epoch in a new random order, or, for a set smaller than a
/// micro-batch, drawn with replacement.</summary>
/// <remarks>A pure function of (seed, position): a resumed run continues in the same order.</remarks>
internal sealed class SampleOrder(long seed, int count, bool withReplacement)
{
    private long _epoch = -1;
    private int[] _order = [];

    /// <summary>Index of the photo at a position, from 0.</summary>
    public int At(long position)
    {
        if (withReplacement)
            return new CounterRandom(seed, RandomStream.Order, position).NextInt32(count);
        var epoch = position / count;
        if (epoch != _epoch)
        {
            _order = new CounterRandom(seed, RandomStream.Order, epoch).NextPermutation(count);
            _epoch = epoch;
        }
        return _order[position % count];
    }
}
