using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Evaluation;
using BiT.Training.Loop;
using BiT.Training.Networks;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Oracle;

/// <summary>Runs the product's own training, optimizer and evaluation graphs on the weights and images of an oracle file and measures how far
/// they are from its expected values.</summary>
internal static class NetworkOracle
{
    // Absolute, on logits and features. Source: the oracle's tolerances.
    private const double OutputTolerance = 1e-4;

    /// <param name="oracle">Weights, images and what comes of them.</param>
    /// <param name="artifactFolder">Where the graphs are written.</param>
    /// <param name="kernels">Whether fused graphs run on managed kernels, or plain ones on ONNX Runtime's own.</param>
    public static OracleReport Check(OracleFile oracle, string artifactFolder, bool kernels)
    {
        var network = new BitNetwork(oracle.Name, oracle.Layers, oracle.Width);
        var weights = Weights(network, oracle);
        var images = Images(oracle);
        var report = new OracleReport(kernels ? oracle.Name : $"{oracle.Name}, plain");
        var options = new RuntimeOptions { ManagedKernels = kernels };
        var sizes = new TrainingGraphSizes(oracle.Classes, oracle.Batch, oracle.Size, Fused: kernels);
        var cache = new ArtifactCache(artifactFolder);
        if (oracle.Parameters is { } count)
            report.Add("parameter count", Math.Abs(count - weights.Parameters.Sum(parameter => (long)parameter.ElementCount)), 0);

        var optimizer = oracle.Optimizer ?? new OracleOptimizer("SGD", 0.003, 0.9, Math.Max(0, (oracle.Losses?.Length ?? 1) - 1));
        using var engine = new TrainingEngine(cache.GetOrWrite(TrainingGraphs.Training(network, sizes)),
            cache.GetOrWrite(OptimizerGraph.Build(weights.Parameters, (float)optimizer.Momentum, 0, kernels)), weights.Parameters, options);
        for (var index = 0; index < weights.Parameters.Count; index++)
            weights[weights.Parameters[index].Name].CopyTo(engine.Weights(index));
        images.CopyTo(engine.Inputs);
        var labels = oracle.Labels ?? [.. Enumerable.Range(0, oracle.Batch).Select(index => (long)(index % oracle.Classes))];
        labels.CopyTo(engine.Labels);
        for (var index = 0; index < oracle.Batch; index++)
            engine.Permutation[index] = index;

        using (var evaluation = new EvaluationEngine(cache.GetOrWrite(TrainingGraphs.Evaluation(network, sizes)), options))
        {
            images.CopyTo(evaluation.Images);
            labels.CopyTo(evaluation.Labels);
            CheckOutputs(oracle, network, evaluation.Run(engine.WeightValues), report);
        }
        CheckTraining(oracle, optimizer, weights, engine, report);
        return report;
    }

    private static void CheckOutputs(OracleFile oracle, BitNetwork network, EvaluationOutput output, OracleReport report)
    {
        report.AddWorst("logits", oracle.Logits, output.Logits.Select(value => (double)value), OutputTolerance);
        var images = Enumerable.Range(0, oracle.Batch).Select(index => output.PreLogits.AsMemory(index * network.FeatureCount, network.FeatureCount)).ToArray();
        report.AddWorst("features mean", oracle.FeaturesMean, images.Select(features => features.ToArray().Average(value => (double)value)), OutputTolerance);
        report.AddWorst("features", oracle.FeaturesFirst8, images.SelectMany(features => features[..8].ToArray()).Select(value => (double)value), OutputTolerance);
    }

    private static void CheckTraining(OracleFile oracle, OracleOptimizer optimizer, WeightSet initial, TrainingEngine engine, OracleReport report)
    {
        var gradientTolerance = Math.Max(1e-4, 5 * (oracle.Float32Deviation?.GradientL2RelativeMax ?? 0));
        var deltaMaximum = oracle.Float32Deviation?.DeltaL2RelativeMax ?? 0;
        var deltaTolerance = Math.Max(1e-3, 5 * deltaMaximum);
        var losses = new List<double> { engine.AccumulateMicroBatch(1) };
        CheckGradients(oracle, initial, engine, gradientTolerance, report);
        report.AddWorst("first loss", oracle.Losses?[..1], losses, deltaMaximum < 1e-3 ? deltaTolerance : 1e-3);

        if (deltaMaximum >= 1e-3)
        {
            report.NotChecked("losses and parameters after steps");
            return;
        }
        for (var step = 0; step < optimizer.Steps; step++)
        {
            engine.Step((float)optimizer.Lr);
            losses.Add(engine.AccumulateMicroBatch(1));
        }
        report.AddWorst("losses", oracle.Losses, losses, deltaTolerance);
        CheckChanges(oracle.ParametersAfterSteps, initial, engine, deltaTolerance, report);
    }

    private static void CheckGradients(OracleFile oracle, WeightSet initial, TrainingEngine engine, double tolerance, OracleReport report)
    {
        if (oracle.FirstStepGradients is not { } expected)
        {
            report.NotChecked("gradients");
            return;
        }
        for (var index = 0; index < initial.Parameters.Count; index++)
        {
            var parameter = initial.Parameters[index];
            var gradient = engine.Gradients(index).ToArray();
            var (l2, at, values) = expected[parameter.Name];
            report.Add("gradient L2", Math.Abs(Norm(gradient) - l2) / l2, tolerance, parameter.Name);
            AddSamples(report, "gradient samples", parameter, gradient, (at, values), l2, tolerance);
        }
    }

    private static void CheckChanges(
        Dictionary<string, ExpectedChange>? expected, WeightSet initial, TrainingEngine engine, double tolerance, OracleReport report)
    {
        if (expected is null)
        {
            report.NotChecked("parameters after steps");
            return;
        }
        for (var index = 0; index < initial.Parameters.Count; index++)
        {
            var parameter = initial.Parameters[index];
            var now = engine.Weights(index).ToArray();
            var (l2, at, values) = expected[parameter.Name];
            var change = Norm([.. now.Zip(initial[parameter.Name], (after, before) => after - before)]);
            report.Add("change L2", Math.Abs(change - l2) / l2, tolerance, parameter.Name);
            AddSamples(report, "parameter samples", parameter, now, (at, values), l2, tolerance);
        }
    }

    // Relative to the larger of the value and the array's root mean square.
    private static void AddSamples(
        OracleReport report, string kind, Parameter parameter, float[] actual, (int[] At, double[] Values) expected, double l2, double tolerance)
    {
        foreach (var (at, value) in expected.At.Zip(expected.Values))
        {
            var scale = Math.Max(Math.Abs(value), l2 / Math.Sqrt(parameter.ElementCount));
            report.Add(kind, Math.Abs(actual[GraphIndex(parameter, at)] - value) / scale, tolerance, $"{parameter.Name}[{at}]");
        }
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(value => (double)value * value));

    // The oracle indexes arrays in the npz layout, [kh,kw,I,O]; the graphs hold [O,I,kh,kw].
    private static int GraphIndex(Parameter parameter, int npzIndex)
    {
        if (parameter.Sizes is not [var outputs, var inputs, var height, var width])
            return npzIndex;
        var (o, i, x, y) = (npzIndex % outputs, npzIndex / outputs % inputs, npzIndex / outputs / inputs % width, npzIndex / outputs / inputs / width);
        return ((o * inputs + i) * height + y) * width + x;
    }

    private static WeightSet Weights(BitNetwork network, OracleFile oracle)
    {
        var arrays = new Dictionary<string, float[]>();
        foreach (var parameter in NetworkParameters.List(network, oracle.Classes))
        {
            var key = OracleFile.Fnv1a32(oracle.Salt + parameter.Name);
            var values = new float[parameter.ElementCount];
            for (var npzIndex = 0; npzIndex < values.Length; npzIndex++)
                values[GraphIndex(parameter, npzIndex)] = Initial(parameter.Kind, OracleFile.Uniform(key, (uint)npzIndex));
            arrays.Add(parameter.Name, values);
        }
        return new WeightSet(network, oracle.Classes, arrays);
    }

    private static float Initial(ParameterKind kind, float u) => kind switch
    {
        ParameterKind.Kernel => (u - 0.5f) * 0.1f,
        ParameterKind.Gamma => 0.5f + u,
        ParameterKind.Beta => u - 0.5f,
        ParameterKind.HeadKernel => (u - 0.5f) * 0.05f,
        _ => (u - 0.5f) * 0.2f,
    };

    private static float[] Images(OracleFile oracle)
    {
        var key = OracleFile.Fnv1a32(oracle.Salt + "image");
        var images = new float[oracle.Batch * 3 * oracle.Size * oracle.Size];
        for (var index = 0; index < images.Length; index++)
            images[index] = (OracleFile.Uniform(key, (uint)index) - 0.5f) * 2;
        return images;
    }
}
