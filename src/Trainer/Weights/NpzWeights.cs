using BiT.Core.Classification;
using BiT.Core.Weights;
using BiT.Training.Networks;

namespace BiT.Training.Weights;

/// <summary>Weight files in the official npz layout: kernels as [kh,kw,I,O], keys as the official code names its variables.</summary>
public static class NpzWeights
{
    // Twenty names tell what kind of file came; thousands would not fit on a screen.
    private const int MostNamesShown = 20;

    // Far beyond the 21,843 of ImageNet-21k.
    private const int MaxClasses = 100_000;

    /// <summary>Reads the weights of a network, with the head if the file has one.</summary>
    /// <param name="path">An npz file.</param>
    /// <param name="network">The network that the file must be of.</param>
    /// <exception cref="WeightsException">Arrays are missing, unexpected or of another shape: all are named.</exception>
    public static WeightSet Read(string path, BitNetwork network)
    {
        var shapes = Readable(path, () => NpzFile.ReadShapes(path)).ToDictionary(array => array.Name, array => array.Shape);
        var classCount = shapes.TryGetValue(NetworkParameters.HeadKernelName, out var head) ? ClassCount(head) : 0;
        var parameters = NetworkParameters.List(network, classCount);
        // From the headers: gigabytes are not read in vain.
        Check(path, network, parameters, shapes);
        var known = parameters.ToDictionary(parameter => parameter.Name);
        return new WeightSet(network, classCount,
            Readable(path, () => NpzFile.Read(path, (name, array) => FromNpz(array.Values, known[name]))));
    }

    /// <summary>Writes weights; equal weights give equal bytes.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="half">Round to float16.</param>
    public static void Write(string path, WeightSet weights, bool half = false) =>
        NpzFile.Write(path, weights.Parameters.Select(parameter => ToEntry(parameter, weights[parameter.Name])), half);

    /// <summary>Writes a head alone.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="weights">Weights with a head; the backbone is left out.</param>
    public static void WriteHead(string path, WeightSet weights) =>
        NpzFile.Write(path, weights.Parameters.Where(parameter => parameter.IsHead).Select(parameter => ToEntry(parameter, weights[parameter.Name])));

    /// <summary>Reads what <see cref="WriteHead"/> wrote.</summary>
    /// <exception cref="WeightsException">The file holds no head.</exception>
    public static HeadArrays ReadHead(string path)
    {
        var arrays = Readable(path, () => NpzFile.Read(path));
        if (!arrays.TryGetValue(LinearHead.KernelName, out var kernel) || !arrays.TryGetValue(LinearHead.BiasName, out var bias)
            || kernel.Shape is not [1, 1, var features, var classes] || bias.Shape is not [var biases] || biases != classes)
            throw new WeightsException($"The head's file does not hold {LinearHead.KernelName} (1,1,F,K) and {LinearHead.BiasName} (K).");
        var turned = new float[kernel.Values.Length];
        for (var feature = 0; feature < features; feature++)
        {
            for (var label = 0; label < classes; label++)
                turned[label * features + feature] = kernel.Values[feature * classes + label];
        }
        return new HeadArrays(features, classes, turned, bias.Values);
    }

    private static T Readable<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException problem)
        {
            throw new WeightsException($"{Path.GetFileName(path)} is no readable npz file: {problem.Message}", problem);
        }
    }

    // [1,1,F,K]
    private static int ClassCount(IReadOnlyList<int> headShape) => headShape.Count == 4 && headShape[3] <= MaxClasses ? headShape[3] : 0;

    private static void Check(string path, BitNetwork network, IReadOnlyList<Parameter> parameters, IReadOnlyDictionary<string, IReadOnlyList<int>> shapes)
    {
        var problems = new List<string>();
        var missing = parameters.Where(parameter => !shapes.ContainsKey(parameter.Name)).Select(parameter => parameter.Name).ToArray();
        if (missing.Length > 0)
            problems.Add($"missing {missing.Length}: {Names(missing)}");
        var unexpected = shapes.Keys.Except(parameters.Select(parameter => parameter.Name)).Order(StringComparer.Ordinal).ToArray();
        if (unexpected.Length > 0)
            problems.Add($"unexpected {unexpected.Length}: {Names(unexpected)}");
        var misshapen = parameters
            .Where(parameter => shapes.TryGetValue(parameter.Name, out var shape) && !shape.SequenceEqual(parameter.NpzSizes))
            .Select(parameter => $"{parameter.Name} is [{string.Join(",", shapes[parameter.Name])}], expected [{string.Join(",", parameter.NpzSizes)}]")
            .ToArray();
        if (misshapen.Length > 0)
            problems.Add($"of another shape {misshapen.Length}: {Names(misshapen)}");
        if (problems.Count > 0)
        {
            throw new WeightsException($"{Path.GetFileName(path)} does not hold the weights of {network.Name}. Arrays {string.Join("; ", problems)}. "
                + "Name the network that the file was made for.");
        }
    }

    private static string Names(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(MostNamesShown)) + (names.Count > MostNamesShown ? $", and {names.Count - MostNamesShown} more" : "");

    private static KeyValuePair<string, NpyArray> ToEntry(Parameter parameter, float[] values) =>
        new(parameter.Name, new NpyArray(parameter.NpzSizes, ToNpz(values, parameter)));

    // [kh,kw,I,O] to [O,I,kh,kw].
    private static float[] FromNpz(float[] source, Parameter parameter)
    {
        if (parameter.Sizes is not [var outputs, var inputs, var height, var width])
            return source;
        var result = new float[source.Length];
        var from = 0;
        for (var position = 0; position < height * width; position++)
        {
            for (var input = 0; input < inputs; input++)
            {
                for (var output = 0; output < outputs; output++)
                    result[(output * inputs + input) * height * width + position] = source[from++];
            }
        }
        return result;
    }

    // [O,I,kh,kw] to [kh,kw,I,O].
    private static float[] ToNpz(float[] source, Parameter parameter)
    {
        if (parameter.Sizes is not [var outputs, var inputs, var height, var width])
            return source;
        var result = new float[source.Length];
        var to = 0;
        for (var position = 0; position < height * width; position++)
        {
            for (var input = 0; input < inputs; input++)
            {
                for (var output = 0; output < outputs; output++)
                    result[to++] = source[(output * inputs + input) * height * width + position];
            }
        }
        return result;
    }
}

/// <summary>A head alone.</summary>
/// <param name="FeatureCount">F.</param>
/// <param name="ClassCount">K.</param>
/// <param name="Kernel">[K,F].</param>
/// <param name="Bias">[K].</param>
public sealed record HeadArrays(int FeatureCount, int ClassCount, float[] Kernel, float[] Bias);

/// <summary>A weight file that does not fit its network.</summary>
public sealed class WeightsException : Exception
{
    public WeightsException(string message)
        : base(message)
    {
    }

    public WeightsException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
