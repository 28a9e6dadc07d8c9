using BiT.Bench.Workloads;
using BiT.Core.Runtime;
using BiT.Graphs;
using BiT.Training.Artifacts;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BiT.Bench.Products;

/// <summary>Runs the products of a program alone, with the kernels that the program itself uses.</summary>
internal sealed class ProductsAlone : ITimedForm
{
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _runOptions = new();
    private readonly List<OrtValue> _values = [];

    public ProductsAlone(Graph graph, RuntimeOptions options, ArtifactCache artifacts)
    {
        var products = ProductsGraph.Of(graph);
        _session = SessionFactory.Open(artifacts.GetOrWrite(products), options);
        _binding = _session.CreateIoBinding();
        for (var index = 0; index < products.Inputs.Length; index++)
        {
            var value = Allocate(products.Inputs[index]);
            Noise.Fill(value.GetTensorMutableDataAsSpan<float>(), seed: index);
            _binding.BindInput($"x{index}", value);
        }
        for (var index = 0; index < products.Outputs.Length; index++)
            _binding.BindOutput($"y{index}", Allocate(products.Outputs[index].Value));
    }

    public void Run() => _session.RunWithBinding(_runOptions, _binding);

    public void Dispose()
    {
        _binding.Dispose();
        foreach (var value in _values)
            value.Dispose();
        _runOptions.Dispose();
        _session.Dispose();
    }

    private OrtValue Allocate(Value value)
    {
        var allocated = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, value.Shape.Sizes);
        _values.Add(allocated);
        return allocated;
    }
}
