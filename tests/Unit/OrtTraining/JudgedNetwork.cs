using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.OrtTraining;

/// <summary>A network whose training two runtimes can be compared by, and what it is trained on.</summary>
/// <remarks>Rounding differs between runtimes. Where it decides whether a ReLU is open, the gradients of a network differ by some 1e-3, whoever
/// is right. So normalised activations are kept away from 0: scale 1/4 about a shift of +1 or -1 in turn puts it at 4 standard deviations.
/// There still are activations of the rare sign in every channel.</remarks>
internal sealed record JudgedNetwork(BitNetwork Network, int Size)
{
    public const int Classes = 5;
    public const int Batch = 2;
    private const int MicroBatches = 6;

    /// <summary>One unit per block.</summary>
    public static JudgedNetwork Shallow { get; } = new(new BitNetwork("shallow", [1, 1, 1, 1], 0.5), Size: 32);

    /// <summary>The smallest published one.</summary>
    public static JudgedNetwork R50x1 { get; } = new(BitNetwork.ByName("R50x1"), Size: 64);

    public WeightSet Weights()
    {
        var head = new Random(3);
        var weights = Initializers.Create(Network, Classes, seed: 11).WithHead(Classes,
            [.. Enumerable.Range(0, Classes * Network.FeatureCount).Select(_ => (head.NextSingle() - 0.5f) * 0.1f)], [0.1f, 0, -0.1f, 0.05f, 0]);
        foreach (var parameter in weights.Parameters)
        {
            var values = weights[parameter.Name];
            if (parameter.Kind == ParameterKind.Gamma)
                Array.Fill(values, 0.25f);
            for (var channel = 0; parameter.Kind == ParameterKind.Beta && channel < values.Length; channel++)
                values[channel] = channel % 2 == 0 ? 1 : -1;
        }
        return weights;
    }

    /// <summary>A micro-batch; they come again after a while.</summary>
    public MicroBatchData MicroBatch(int index)
    {
        var random = new Random(100 + index % MicroBatches);
        float[] images = [.. Enumerable.Range(0, Batch * 3 * Size * Size).Select(_ => random.NextSingle() * 2 - 1)];
        return new MicroBatchData(images, [.. Enumerable.Range(0, Batch).Select(_ => (long)random.Next(Classes))], [1, 0], 0.75f);
    }
}

/// <summary>A micro-batch of a judged network; MixUp's values are for artifacts that mix.</summary>
internal sealed record MicroBatchData(float[] Images, long[] Labels, long[] Permutation, float Lambda);
