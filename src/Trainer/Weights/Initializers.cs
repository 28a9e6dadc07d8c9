using BiT.Training.Networks;
using BiT.Training.Randomness;

namespace BiT.Training.Weights;

/// <summary>Random weights to start from.</summary>
public static class Initializers
{
    /// <summary>Weights of a new network: kernels uniform in ±1/sqrt(fan-in), gamma 1, beta 0, head 0.</summary>
    /// <param name="network">The network.</param>
    /// <param name="classCount">Classes of the head; 0 for none.</param>
    /// <param name="seed">Equal seeds give equal weights.</param>
    /// <remarks>Source: bit_pytorch/models.py leaves its convolutions at nn.Conv2d's default, kaiming_uniform(a=sqrt(5)), which is
    /// U(-1/sqrt(fan_in), 1/sqrt(fan_in)), and its heads at zero (zero_head).</remarks>
    public static WeightSet Create(BitNetwork network, int classCount, long seed)
    {
        var arrays = NetworkParameters.List(network, classCount)
            .Select((parameter, index) => (parameter.Name, Values: Create(parameter, new CounterRandom(seed, RandomStream.Weights, index))))
            .ToDictionary(entry => entry.Name, entry => entry.Values);
        return new WeightSet(network, classCount, arrays);
    }

    private static float[] Create(Parameter parameter, CounterRandom random)
    {
        var values = new float[parameter.ElementCount];
        if (parameter.Kind == ParameterKind.Gamma)
            Array.Fill(values, 1f);
        if (parameter.Kind != ParameterKind.Kernel)
            return values;
        var bound = 1 / Math.Sqrt(parameter.ElementCount / parameter.Sizes[0]);
        for (var index = 0; index < values.Length; index++)
            values[index] = (float)((random.NextDouble() * 2 - 1) * bound);
        return values;
    }
}
