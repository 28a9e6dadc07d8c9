using System.Text.Json;
using BiT.Training.Artifacts;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Training.Checkpoints;

/// <summary>Where a training run stands, whichever engine it is on: weights, SGD's momenta and the steps done.</summary>
/// <remarks>ONNX Runtime Training's kernel keeps momenta scaled by <see cref="OrtOptimizerGraph.MomentumScale"/>.</remarks>
internal sealed record RunPoint(WeightSet Weights, IReadOnlyDictionary<string, float[]>? Momenta, long Step)
{
    public const string OptimizerProperty = "bit.optimizer";
    public const string NetworkProperty = "bit.network";
    private const string Format = "bit-checkpoint-1";

    /// <summary>Reads a checkpoint of our own or of ONNX Runtime Training: the file says which.</summary>
    /// <exception cref="ArtifactException">Neither, damaged, or of another network, number of classes or optimiser.</exception>
    public static RunPoint Read(string path, BitNetwork network, int classCount)
    {
        try
        {
            return OrtCheckpointReader.IsCheckpoint(path)
                ? FromOrt(OrtCheckpointReader.Read(File.ReadAllBytes(path), TargetRuntime.OrtTraining.CheckpointVersion), network, classCount)
                : FromOwn(TensorFile.Read(path), network, classCount);
        }
        catch (Exception problem) when (problem is InvalidDataException or JsonException or ArtifactException)
        {
            throw new ArtifactException($"{Path.GetFileName(path)}: {problem.Message}", problem);
        }
    }

    /// <summary>The same point as ONNX Runtime Training keeps it.</summary>
    /// <exception cref="ArtifactException">The optimiser cannot go on from SGD's momenta.</exception>
    public OrtCheckpoint ToOrt(OrtOptimizerKind optimizer)
    {
        if (optimizer != OrtOptimizerKind.SgdMomentum && Momenta is not null)
            throw new ArtifactException($"The checkpoint holds momenta of SGD, from which {OrtOptimizerNames.Of(optimizer)} cannot go on. Choose {OrtOptimizerNames.Of(OrtOptimizerKind.SgdMomentum)}, or give the weights alone.");
        return new OrtCheckpoint
        {
            Step = Step,
            Parameters = [.. Weights.Parameters.Select(parameter => Tensor(parameter, parameter.Name, Weights[parameter.Name]))],
            // Without any the runtime starts from zeros of its own: a third of the size.
            Momenta = Momenta is null && Step == 0
                ? new Dictionary<string, OrtMomenta>()
                : Weights.Parameters.ToDictionary(parameter => parameter.Name, parameter => OrtMomenta(parameter, hasSecond: optimizer != OrtOptimizerKind.Sgd)),
            Properties = new Dictionary<string, string>
            {
                [OptimizerProperty] = OrtOptimizerNames.Of(optimizer), [NetworkProperty] = Weights.Network.Name,
            },
        };
    }

    /// <summary>Writes the point as our own engine keeps it; see docs/formats/checkpoints.md.</summary>
    public void Write(string path)
    {
        var texts = new Dictionary<string, string> { ["format"] = Format, ["state"] = new TrainingState { Step = Step }.ToJson() };
        var weights = Weights.Parameters.Select(parameter => KeyValuePair.Create("weights/" + parameter.Name, Weights[parameter.Name]));
        var momenta = Weights.Parameters.Select(parameter => KeyValuePair.Create("momenta/" + parameter.Name,
            Momenta?[parameter.Name] ?? new float[parameter.ElementCount]));
        TensorFile.Write(path, texts, [.. weights, .. momenta]);
    }

    /// <summary>The point that a checkpoint of ONNX Runtime Training holds.</summary>
    /// <exception cref="ArtifactException">Of another network, number of classes or optimiser.</exception>
    public static RunPoint FromOrt(OrtCheckpoint checkpoint, BitNetwork network, int classCount)
    {
        var optimizer = checkpoint.Properties.GetValueOrDefault(OptimizerProperty);
        if (optimizer is not null && checkpoint.Properties.GetValueOrDefault(NetworkProperty) is { } trained && trained != network.Name)
            throw new ArtifactException($"it is of network {trained}, not {network.Name}");
        var hasMomenta = checkpoint.Momenta.Values.Any(momenta => momenta.Second is not null);
        if (hasMomenta && optimizer != OrtOptimizerNames.Of(OrtOptimizerKind.SgdMomentum))
            throw new ArtifactException($"its momenta are of {optimizer ?? "an unknown optimiser"}, not of {OrtOptimizerNames.Of(OrtOptimizerKind.SgdMomentum)}: no run can go on from them elsewhere");
        var parameters = checkpoint.Parameters.ToDictionary(tensor => tensor.Name, tensor => tensor.Values);
        var momenta = checkpoint.Momenta.ToDictionary(entry => entry.Key, entry => Scaled(entry.Value.First.Values, 1 / OrtOptimizerGraph.MomentumScale));
        return Of(network, classCount, parameters, hasMomenta ? momenta : null, checkpoint.Step);
    }

    private static RunPoint FromOwn(TensorFileContent content, BitNetwork network, int classCount)
    {
        var state = TrainingState.FromJson(content.Texts.GetValueOrDefault("state", "null"));
        return Of(network, classCount, Take("weights/"), Take("momenta/"), state.Step);

        Dictionary<string, float[]> Take(string prefix) => content.Arrays
            .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);
    }

    private static RunPoint Of(
        BitNetwork network, int classCount, Dictionary<string, float[]> weights, Dictionary<string, float[]>? momenta, long step)
    {
        foreach (var parameter in NetworkParameters.List(network, classCount))
        {
            Require(parameter, "weights", weights);
            if (momenta is not null)
                Require(parameter, "momenta", momenta);
        }
        return new RunPoint(new WeightSet(network, classCount, weights), momenta, step);
    }

    private static void Require(Parameter parameter, string what, Dictionary<string, float[]> arrays)
    {
        if (!arrays.TryGetValue(parameter.Name, out var array) || array.Length != parameter.ElementCount)
        {
            throw new ArtifactException($"it has {array?.Length ?? 0} {what} of {parameter.Name}; expected {parameter.ElementCount}. "
                + "Name the network and the number of classes that it was trained with.");
        }
    }

    private OrtMomenta OrtMomenta(Parameter parameter, bool hasSecond) => new(
        Tensor(parameter, OrtCheckpointFormat.FirstMomentum,
            Momenta is { } momenta ? Scaled(momenta[parameter.Name], OrtOptimizerGraph.MomentumScale) : new float[parameter.ElementCount]),
        hasSecond ? Tensor(parameter, OrtCheckpointFormat.SecondMomentum, new float[parameter.ElementCount]) : null);

    private static OrtTensor Tensor(Parameter parameter, string name, float[] values) => new(name, parameter.Shape.Sizes, values);

    private static float[] Scaled(float[] values, float factor) => Array.ConvertAll(values, value => value * factor);
}
