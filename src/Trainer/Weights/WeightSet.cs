using BiT.Training.Networks;

namespace BiT.Training.Weights;

/// <summary>The weights of a network: one array per parameter, in the layout of the graphs ([O,I,kh,kw] for kernels).</summary>
public sealed class WeightSet
{
    private readonly Dictionary<string, float[]> _arrays;
    private readonly Dictionary<string, Parameter> _parameters;

    /// <param name="network">The network.</param>
    /// <param name="classCount">Classes of the head; 0 for none.</param>
    /// <param name="arrays">One array per parameter; not copied.</param>
    /// <exception cref="ArgumentException">An array is missing or has another length than its parameter.</exception>
    public WeightSet(BitNetwork network, int classCount, IReadOnlyDictionary<string, float[]> arrays)
    {
        Network = network;
        ClassCount = classCount;
        Parameters = NetworkParameters.List(network, classCount);
        _parameters = Parameters.ToDictionary(parameter => parameter.Name);
        _arrays = [];
        foreach (var parameter in Parameters)
        {
            if (!arrays.TryGetValue(parameter.Name, out var array) || array.Length != parameter.ElementCount)
                throw new ArgumentException($"{parameter.Name} needs {parameter.ElementCount} elements; got {array?.Length.ToString() ?? "none"}.", nameof(arrays));
            _arrays.Add(parameter.Name, array);
        }
    }

    public BitNetwork Network { get; }

    /// <summary>Classes of the head; 0 for a backbone alone.</summary>
    public int ClassCount { get; }

    /// <summary>All parameters in graph order.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The array of a parameter. Not a copy.</summary>
    public float[] this[string name] => _arrays[name];

    public Parameter Parameter(string name) => _parameters[name];

    /// <summary>The same backbone without its head.</summary>
    public WeightSet WithoutHead() => new(Network, 0, _arrays);

    /// <summary>The same backbone with a new head that answers 0 for every class.</summary>
    /// <remarks>Source: BiT, bit_pytorch/models.py zero_head.</remarks>
    public WeightSet WithZeroHead(int classCount) => WithHead(classCount, new float[Network.FeatureCount * classCount], new float[classCount]);

    /// <summary>The same backbone with a given head.</summary>
    /// <param name="classCount">K.</param>
    /// <param name="kernel">[K,F,1,1].</param>
    /// <param name="bias">[K].</param>
    public WeightSet WithHead(int classCount, float[] kernel, float[] bias)
    {
        var arrays = new Dictionary<string, float[]>(_arrays)
        {
            [NetworkParameters.HeadKernelName] = kernel,
            [NetworkParameters.HeadBiasName] = bias,
        };
        return new WeightSet(Network, classCount, arrays);
    }
}
