using System.Numerics.Tensors;
using BiT.Core.Runtime;
using BiT.Training.Networks;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BiT.Training.Loop;

/// <summary>Runs the training and optimizer graphs: micro-batches accumulate gradients, a step applies them.</summary>
/// <remarks>Parameters, momenta and gradients live in native buffers that are bound once, each as an input and as the output that takes its place:
/// a step works where they lie. That is safe because of all nodes that read such an input only the last one writes its output, element by element
/// (a test holds the graphs to it). Not safe for use from several threads.</remarks>
public sealed class TrainingEngine : ITrainingEngine
{
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly InferenceSession _training;
    private readonly InferenceSession _optimizer;
    private readonly List<TrainedArray> _weights = [];
    private readonly List<TrainedArray> _momenta = [];
    private readonly List<TrainedArray> _gradients = [];
    private readonly OrtIoBinding _trainingBinding;
    private readonly OrtIoBinding _optimizerBinding;
    private readonly bool _isBoundAnew;
    private readonly RunOptions _runOptions = new();
    private readonly OrtValue _loss = Allocate<float>(TensorElementType.Float, []);
    private readonly OrtValue _lambda = Allocate<float>(TensorElementType.Float, [1]);
    private readonly OrtValue _learningRate = Allocate<float>(TensorElementType.Float, [1]);
    private readonly OrtValue _reset = Allocate<bool>(TensorElementType.Bool, [1]);
    private readonly OrtValue _inputs;
    private readonly OrtValue _labels;
    private readonly OrtValue _permutation;
    private readonly string _inputName;
    private bool _hasGradient;

    /// <param name="trainingModelPath">A graph of <see cref="TrainingGraphs"/>.</param>
    /// <param name="optimizerModelPath">A graph of <see cref="OptimizerGraph"/> for the same parameters.</param>
    /// <param name="parameters">The trained parameters, in graph order.</param>
    /// <param name="options">Provider and threads.</param>
    public TrainingEngine(string trainingModelPath, string optimizerModelPath, IReadOnlyList<Parameter> parameters, RuntimeOptions options)
    {
        _parameters = parameters;
        _training = SessionFactory.OpenForTraining(trainingModelPath, options);
        _optimizer = SessionFactory.OpenForTraining(optimizerModelPath, options);
        _inputName = _training.InputMetadata.ContainsKey("images") ? "images" : "features";
        var dimensions = _training.InputMetadata[_inputName].Dimensions;
        BatchSize = dimensions[0];
        _inputs = Allocate<float>(TensorElementType.Float, [.. dimensions.Select(size => (long)size)]);
        _labels = Allocate<long>(TensorElementType.Int64, [BatchSize]);
        _permutation = Allocate<long>(TensorElementType.Int64, [BatchSize]);
        foreach (var parameter in parameters)
        {
            _weights.Add(new TrainedArray(parameter.Sizes));
            _momenta.Add(new TrainedArray(parameter.Sizes));
            _gradients.Add(new TrainedArray(parameter.Sizes));
        }
        (_trainingBinding, _optimizerBinding) = (BindTraining(), BindOptimizer());
        // Another device gets a copy of an input when it is bound, not when the graph runs.
        _isBoundAnew = options.ExecutionProvider != RuntimeOptions.Cpu;
    }

    /// <summary>Images per micro-batch.</summary>
    public int BatchSize { get; }

    /// <summary>Where the next micro-batch's images (or features) are written: row-major, as the graph's input. Valid until disposal.</summary>
    public Span<float> Inputs => _inputs.GetTensorMutableDataAsSpan<float>();

    /// <summary>Where the next micro-batch's class indices are written.</summary>
    public Span<long> Labels => _labels.GetTensorMutableDataAsSpan<long>();

    /// <summary>Where the next micro-batch's MixUp partners are written: positions within the micro-batch.</summary>
    public Span<long> Permutation => _permutation.GetTensorMutableDataAsSpan<long>();

    /// <summary>Current values of a parameter, by position. Valid until the next step.</summary>
    public Span<float> Weights(int index) => _weights[index].Elements;

    /// <summary>Current momentum of a parameter, by position. Valid until the next step.</summary>
    public Span<float> Momenta(int index) => _momenta[index].Elements;

    /// <summary>Gradient of a parameter accumulated since the last step, by position. Valid until the next run.</summary>
    public ReadOnlySpan<float> Gradients(int index) => _gradients[index].Elements;

    /// <summary>Length of the gradient accumulated since the last step, over all parameters.</summary>
    public double? GradientNorm() => Norm(_gradients);

    /// <summary>Length of the current weights, over all parameters.</summary>
    public double WeightNorm() => Norm(_weights);

    /// <summary>Whether the current weights are longer than something. Those of one parameter are, as a rule, and the others are not read. False if a weight
    /// that was read is not a number or infinite.</summary>
    public bool WeightsExceed(double length)
    {
        var sum = 0.0;
        foreach (var array in _weights)
        {
            sum += TensorPrimitives.SumOfSquares<float>(array.Elements);
            if (!double.IsFinite(sum))
                return false;
            if (sum > length * length)
                return true;
        }
        return false;
    }

    /// <summary>The parameters as ONNX values in graph order, to bind elsewhere. A step changes them.</summary>
    public IReadOnlyList<OrtValue> WeightValues => [.. _weights.Select(array => array.Value)];

    /// <summary>Forward and backward pass over the micro-batch in <see cref="Inputs"/>, <see cref="Labels"/> and
    /// <see cref="Permutation"/>.</summary>
    /// <param name="lambda">MixUp weight of the image itself, 0 to 1; 1 turns MixUp off.</param>
    /// <returns>The micro-batch's mean loss.</returns>
    public float AccumulateMicroBatch(float lambda)
    {
        _lambda.GetTensorMutableDataAsSpan<float>()[0] = lambda;
        _reset.GetTensorMutableDataAsSpan<bool>()[0] = !_hasGradient;
        Run(_training, _trainingBinding, BindTraining);
        _hasGradient = true;
        return _loss.GetTensorDataAsSpan<float>()[0];
    }

    /// <summary>Applies the accumulated gradient and starts a new one.</summary>
    /// <exception cref="InvalidOperationException">No micro-batch was accumulated since the last step.</exception>
    public void Step(float learningRate)
    {
        if (!_hasGradient)
            throw new InvalidOperationException("There is no gradient to apply: accumulate a micro-batch first.");
        _learningRate.GetTensorMutableDataAsSpan<float>()[0] = learningRate;
        Run(_optimizer, _optimizerBinding, BindOptimizer);
        _hasGradient = false;
    }

    public void Dispose()
    {
        _trainingBinding.Dispose();
        _optimizerBinding.Dispose();
        foreach (var array in _weights.Concat(_momenta).Concat(_gradients))
            array.Dispose();
        foreach (var value in (ReadOnlySpan<OrtValue>)[_loss, _lambda, _learningRate, _reset, _inputs, _labels, _permutation])
            value.Dispose();
        _runOptions.Dispose();
        _training.Dispose();
        _optimizer.Dispose();
    }

    private void Run(InferenceSession session, OrtIoBinding bound, Func<OrtIoBinding> bind)
    {
        using var anew = _isBoundAnew ? bind() : null;
        session.RunWithBinding(_runOptions, anew ?? bound);
    }

    private OrtIoBinding BindTraining()
    {
        var binding = _training.CreateIoBinding();
        binding.BindInput(_inputName, _inputs);
        binding.BindInput("labels", _labels);
        binding.BindInput("permutation", _permutation);
        binding.BindInput("lambda", _lambda);
        binding.BindInput("lazy_reset_grad", _reset);
        binding.BindOutput("loss", _loss);
        for (var index = 0; index < _parameters.Count; index++)
        {
            binding.BindInput(_parameters[index].Name, _weights[index].Value);
            binding.BindInput(_parameters[index].Name + TrainingGraphs.BufferSuffix, _gradients[index].Value);
            binding.BindOutput(_parameters[index].Name + TrainingGraphs.AccumulatedSuffix, _gradients[index].Value);
        }
        return binding;
    }

    private OrtIoBinding BindOptimizer()
    {
        var binding = _optimizer.CreateIoBinding();
        binding.BindInput("learning_rate", _learningRate);
        for (var index = 0; index < _parameters.Count; index++)
        {
            var name = _parameters[index].Name;
            binding.BindInput(name, _weights[index].Value);
            binding.BindInput(name + OptimizerGraph.GradientSuffix, _gradients[index].Value);
            binding.BindInput(name + OptimizerGraph.MomentumSuffix, _momenta[index].Value);
            binding.BindOutput(name + OptimizerGraph.UpdatedSuffix, _weights[index].Value);
            binding.BindOutput(name + OptimizerGraph.MomentumSuffix + OptimizerGraph.UpdatedSuffix, _momenta[index].Value);
        }
        return binding;
    }

    // Memory is what it waits for: a second thread makes it no faster.
    private static double Norm(List<TrainedArray> arrays) =>
        Math.Sqrt(arrays.Sum(array => (double)TensorPrimitives.SumOfSquares<float>(array.Elements)));

    private static OrtValue Allocate<T>(TensorElementType type, long[] shape)
        where T : unmanaged
    {
        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);
        value.GetTensorMutableDataAsSpan<T>().Clear();
        return value;
    }
}
