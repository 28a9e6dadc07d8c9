using System.Text.Json;
using BiT.Core.Runtime;
using BiT.Graphs;
using BiT.Graphs.Passes;
using BiT.Graphs.Serialization;
using BiT.Training.Networks;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Tests.Unit.Graphs.Passes;

public sealed class ExecutionOrderTests
{
    [Fact]
    public void Nodes_ThatNoOtherReads_ComeLastAndBackwards()
    {
        var b = new GraphBuilder("ends");
        var x = b.Input("x", ElementType.Float32, Shape.Of(2));
        b.Output("first", b.Neg(x));
        var middle = b.Exp(x);
        b.Output("second", b.Sqrt(middle));
        b.Output("third", b.Relu(middle));

        var ordered = ExecutionOrder.Apply(b.Build());

        Assert.Equal(["Exp", "Relu", "Sqrt", "Neg"], ordered.Nodes.Select(node => node.Operator));
        Assert.Equal(["first", "second", "third"], ordered.Outputs.Select(output => output.Name));
        Assert.Equal(["Neg", "Sqrt", "Relu"], ordered.Outputs.Select(output => output.Value.Producer?.Operator));
    }

    /// <summary>What the pass is for: that ONNX Runtime runs it so is observed, not documented.</summary>
    [Fact]
    public void OnnxRuntime_OfATrainingGraph_RunsAGradientWhenItCan()
    {
        using var folder = new TemporaryFolder();
        var network = BitNetwork.ByName("bit-tiny");
        var graph = TrainingGraphs.Training(network, new TrainingGraphSizes(3, 2, 32));

        var run = OrderOfRun(graph, folder.Path);

        // A gradient by a kernel needs the gradient of its norm at most two convolutions further down.
        var norms = 0;
        var kernels = 0;
        foreach (var @operator in run)
        {
            norms += @operator == "GroupNormReluGradient" ? 1 : 0;
            kernels += @operator.StartsWith("ConvKernelGradient", StringComparison.Ordinal) ? 1 : 0;
            Assert.InRange(norms - kernels, -norms, 3);
        }
        Assert.Equal(graph.Nodes.Count(node => node.Operator == "ConvKernelGradient"), kernels);
    }

    private static List<string> OrderOfRun(Graph graph, string folder)
    {
        var path = Path.Combine(folder, "training.onnx");
        OnnxWriter.Write(graph, path);
        var options = new RuntimeOptions { ExecutionProvider = "cpu", IntraOpThreads = 1, ProfilePrefix = Path.Combine(folder, "profile") };
        using (var session = SessionFactory.OpenForTraining(path, options))
        {
            var inputs = graph.Inputs.ToDictionary(input => input.Name ?? "", input => Zeros(input.Type, [.. input.Shape.Sizes]));
            using var runOptions = new RunOptions();
            using var results = session.Run(runOptions, inputs, ["loss", .. session.OutputNames.Where(name => name != "loss")]);
            foreach (var value in inputs.Values)
                value.Dispose();
        }
        using var profile = JsonDocument.Parse(File.ReadAllBytes(Directory.GetFiles(folder, "profile*.json").Single()));
        return [.. profile.RootElement.EnumerateArray()
            .Where(item => item.GetProperty("cat").GetString() == "Node" && (item.GetProperty("name").GetString() ?? "").EndsWith("_kernel_time", StringComparison.Ordinal))
            .OrderBy(item => item.GetProperty("ts").GetInt64())
            .Select(item => item.GetProperty("args").GetProperty("op_name").GetString() ?? "")];
    }

    private static OrtValue Zeros(ElementType type, long[] sizes)
    {
        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type switch
        {
            ElementType.Float32 => Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float,
            ElementType.Int64 => Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64,
            _ => Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Bool,
        }, sizes);
        value.GetTensorMutableRawData().Clear();
        return value;
    }
}
