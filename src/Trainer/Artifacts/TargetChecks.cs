using BiT.Graphs;
using BiT.Graphs.Fused;
using BiT.Graphs.Serialization;
using BiT.Training.Networks;

namespace BiT.Training.Artifacts;

/// <summary>Checks graphs for ONNX Runtime Training before they are written: what the runtime refuses without saying why, and what it does not
/// notice and computes wrongly.</summary>
/// <remarks>Everything is read from the graphs alone, so that a fault of the generator cannot hide.</remarks>
internal sealed class TargetChecks(TargetRuntime runtime, Graph training, Graph evaluation)
{
    private const string ResetInput = "lazy_reset_grad";
    private const string ReservedSuffix = "_grad";

    private readonly Dictionary<string, Value> _inputs = training.Inputs.ToDictionary(input => input.Name ?? "");

    /// <param name="opset">Version of ONNX's default domain of the files.</param>
    /// <param name="irVersion">ONNX IR version of the files.</param>
    /// <exception cref="ArtifactException">The first rule that is broken.</exception>
    public void Run(int opset = OnnxWriter.OpsetVersion, int irVersion = OnnxWriter.IrVersion)
    {
        Require(opset <= runtime.MaxOpset, $"has opset {opset}; {runtime.Name} {runtime.Version} reads up to {runtime.MaxOpset}");
        Require(irVersion <= runtime.MaxIrVersion, $"has ONNX IR version {irVersion}; {runtime.Name} {runtime.Version} reads up to {runtime.MaxIrVersion}");
        foreach (var graph in new[] { training, evaluation })
        {
            if (graph.Nodes.FirstOrDefault(node => FusedOperators.Contains(node.Operator)) is { } fused)
                throw Broken($"uses {fused.Operator} in program '{graph.Name}', for which {runtime.Name} has no kernel: write the graph plain");
            Require(graph.Outputs[0].Name == "loss", $"has {graph.Outputs[0].Name} as the first output of program '{graph.Name}'; expected loss");
        }
        var parameters = Parameters();
        CheckUserInputs(parameters);
        CheckTrainingOrder(parameters);
        CheckEvaluationOrder(parameters);
        foreach (var parameter in parameters)
            CheckGradient(parameter);
    }

    // What has a buffer is trained.
    private string[] Parameters() => [.. training.Inputs.Select(input => input.Name ?? "")
        .Where(name => name.EndsWith(TrainingGraphs.BufferSuffix, StringComparison.Ordinal)).Select(name => name[..^TrainingGraphs.BufferSuffix.Length])];

    private void CheckUserInputs(string[] parameters)
    {
        var user = Names(training).Concat(Names(evaluation)).Distinct().Except(parameters).Where(name => name != ResetInput
            && !name.EndsWith(TrainingGraphs.BufferSuffix, StringComparison.Ordinal));
        foreach (var name in user)
            Require(!name.EndsWith(ReservedSuffix, StringComparison.Ordinal), $"has a user input '{name}': the runtime takes a name that ends in {ReservedSuffix} for a gradient");
    }

    private void CheckTrainingOrder(string[] parameters)
    {
        string[] expected = [.. parameters, .. parameters.Select(name => name + TrainingGraphs.BufferSuffix), ResetInput];
        var actual = Names(training).TakeLast(expected.Length).ToArray();
        Require(parameters.Length > 0 && actual.SequenceEqual(expected),
            $"has training inputs that end with {First(expected, actual)}: user inputs, parameters, buffers in the order of the parameters, {ResetInput}");
    }

    private void CheckEvaluationOrder(string[] parameters)
    {
        var actual = Names(evaluation).Where(parameters.Contains).ToArray();
        Require(actual.SequenceEqual(parameters),
            $"has parameters in another order for evaluation than for training, from {First(parameters, actual)}: the runtime would swap those of equal shape silently");
        Require(Names(evaluation).TakeLast(parameters.Length).SequenceEqual(actual), "has user inputs behind the parameters of the evaluation graph");
        foreach (var input in evaluation.Inputs.Where(input => parameters.Contains(input.Name)))
        {
            var trained = _inputs[input.Name ?? ""];
            Require(input.Shape.Equals(trained.Shape) && input.Type == trained.Type, $"has {input} for evaluation and {trained} for training");
        }
    }

    private void CheckGradient(string parameter)
    {
        var buffer = _inputs[parameter + TrainingGraphs.BufferSuffix];
        Require(buffer.Shape.Equals(_inputs[parameter].Shape), $"has the buffer {buffer} for {_inputs[parameter]}");
        var uses = training.Nodes.Where(node => node.Operator == "InPlaceAccumulatorV2" && node.Inputs[0] == buffer).ToArray();
        Require(uses.Length == 1, $"adds to {buffer.Name} {uses.Length} times; expected once");
        var gradient = uses[0].Inputs[1];
        Require(gradient.Shape.Equals(buffer.Shape) && gradient.Type == buffer.Type, $"has the gradient {gradient} for the buffer {buffer}: the runtime would write past its end");
        Require(training.Outputs.Any(output => output.Name == parameter + TrainingGraphs.AccumulatedSuffix && output.Value == uses[0].Outputs[0]),
            $"has no output {parameter}{TrainingGraphs.AccumulatedSuffix} of its accumulation");
    }

    private static IEnumerable<string> Names(Graph graph) => graph.Inputs.Select(input => input.Name ?? "");

    private static string First(string[] expected, string[] actual)
    {
        var index = Enumerable.Range(0, expected.Length).FirstOrDefault(position => position >= actual.Length || actual[position] != expected[position]);
        return index < expected.Length ? $"'{actual.ElementAtOrDefault(index)}' in the place of '{expected[index]}'" : "nothing";
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
            throw Broken(problem);
    }

    private static ArtifactException Broken(string problem) => new($"The artifact {problem}. This is a fault of the generator: nothing was written.");
}
