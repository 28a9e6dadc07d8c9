using System.Numerics.Tensors;
using BiT.Core.Runtime;
using BiT.Training.Artifacts;
using BiT.Training.Checkpoints;
using BiT.Training.Networks;
using BiT.Training.Weights;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace BiT.Training.Loop;

/// <summary>Trains all weights of a network with ONNX Runtime Training, from artifacts of this generator.</summary>
/// <remarks>Only API that managed releases 1.19.2 and 1.31 share. The runtime owns parameters and momenta: they go in and come out as checkpoint
/// files in a folder of this engine's own.</remarks>
internal sealed class OrtTrainingEngine : ITrainingEngine
{
    private readonly WeightSet _initial;
    private readonly TrainingGraphSizes _sizes;
    private readonly RuntimeOptions _options;
    private readonly string _folder;
    private readonly DenseTensor<float> _images;
    private readonly DenseTensor<long> _labels;
    private readonly DenseTensor<long> _permutation;
    private readonly DenseTensor<float> _lambda = new(new float[1], [1]);
    private readonly List<OrtValue> _weights = [];
    private readonly List<float[]> _momenta = [];
    private Runtime? _runtime;
    private bool _isStale;

    /// <param name="initial">Weights to start from.</param>
    /// <param name="sizes">Sizes of the training graph.</param>
    /// <param name="folder">Made by this engine, and deleted with it.</param>
    /// <param name="options">Threads; the provider is the CPU or CUDA as the build has it.</param>
    /// <exception cref="TrainingRuntimeException">This build has no ONNX Runtime Training.</exception>
    public OrtTrainingEngine(WeightSet initial, TrainingGraphSizes sizes, string folder, RuntimeOptions options)
    {
        TrainingRuntime.Require();
        (_initial, _folder, _options) = (initial, folder, options);
        _sizes = sizes with { OrtTraining = new OrtTrainingForm { Mixes = true } };
        _images = new DenseTensor<float>([sizes.BatchSize, 3, sizes.ImageSize, sizes.ImageSize]);
        _labels = new DenseTensor<long>([sizes.BatchSize]);
        _permutation = new DenseTensor<long>([sizes.BatchSize]);
        foreach (var parameter in initial.Parameters)
        {
            var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, parameter.Shape.Sizes);
            initial[parameter.Name].CopyTo(value.GetTensorMutableDataAsSpan<float>());
            _weights.Add(value);
            _momenta.Add(new float[parameter.ElementCount]);
        }
    }

    public Span<float> Inputs => _images.Buffer.Span;

    public Span<long> Labels => _labels.Buffer.Span;

    public Span<long> Permutation => _permutation.Buffer.Span;

    public IReadOnlyList<OrtValue> WeightValues
    {
        get
        {
            Refresh();
            return _weights;
        }
    }

    public Span<float> Weights(int index)
    {
        Refresh();
        return _weights[index].GetTensorMutableDataAsSpan<float>();
    }

    public Span<float> Momenta(int index)
    {
        Refresh();
        return _momenta[index];
    }

    /// <summary>Null: the API that both releases share reads no gradients. A loss that is not finite still ends the run.</summary>
    public double? GradientNorm() => null;

    public bool WeightsExceed(double length) => WeightNorm() > length;

    public double WeightNorm()
    {
        Refresh();
        return Math.Sqrt(_weights.Sum(value => (double)TensorPrimitives.SumOfSquares(value.GetTensorDataAsSpan<float>())));
    }

    public float AccumulateMicroBatch(float lambda)
    {
        _runtime ??= Start();
        _lambda.Buffer.Span[0] = lambda;
        // In the order of the graph's user inputs.
        FixedBufferOnnxValue[] inputs =
        [
            FixedBufferOnnxValue.CreateFromTensor(_images), FixedBufferOnnxValue.CreateFromTensor(_labels),
            FixedBufferOnnxValue.CreateFromTensor(_permutation), FixedBufferOnnxValue.CreateFromTensor(_lambda),
        ];
        try
        {
            using var outputs = _runtime.Session.TrainStep(inputs);
            return outputs.First().AsTensor<float>().First();
        }
        finally
        {
            foreach (var input in inputs)
                input.Dispose();
        }
    }

    public void Step(float learningRate)
    {
        if (_runtime is not { } runtime)
            throw new InvalidOperationException("There is no gradient to apply: accumulate a micro-batch first.");
        runtime.Session.SetLearningRate(learningRate);
        runtime.Session.OptimizerStep();
        runtime.Session.LazyResetGrad();
        _isStale = true;
    }

    public void Dispose()
    {
        _runtime?.Dispose();
        foreach (var value in _weights)
            value.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    // At the first micro-batch: what was written into weights and momenta before is what the run starts from.
    private Runtime Start()
    {
        var parameters = _initial.Parameters;
        var weights = parameters.Select((parameter, index) => (parameter.Name, Values: _weights[index].GetTensorDataAsSpan<float>().ToArray()))
            .ToDictionary(entry => entry.Name, entry => entry.Values);
        var momenta = parameters.Select((parameter, index) => (parameter.Name, Values: _momenta[index])).ToDictionary(entry => entry.Name, entry => entry.Values);
        // The loop gives the rate of each step; the kernel that SGD runs on has no use for the count.
        var start = new RunPoint(new WeightSet(_initial.Network, _initial.ClassCount, weights), momenta, Step: 0);
        ArtifactSet.ForOrtTraining(start, _sizes, OrtOptimizerKind.SgdMomentum, schedule: null).Write(_folder);
        return new Runtime(_folder, _options);
    }

    private void Refresh()
    {
        if (!_isStale || _runtime is not { } runtime)
            return;
        var path = Path.Combine(_folder, "current");
        CheckpointState.SaveCheckpoint(runtime.State, path, includeOptimizerState: true);
        // Whose run it is, this engine knows by itself.
        var saved = OrtCheckpointReader.Read(File.ReadAllBytes(path), TargetRuntime.OrtTraining.CheckpointVersion) with
        {
            Properties = new Dictionary<string, string> { [RunPoint.OptimizerProperty] = OrtOptimizerNames.Of(OrtOptimizerKind.SgdMomentum), [RunPoint.NetworkProperty] = _initial.Network.Name },
        };
        var point = RunPoint.FromOrt(saved, _initial.Network, _initial.ClassCount);
        for (var index = 0; index < _weights.Count; index++)
        {
            var name = _initial.Parameters[index].Name;
            point.Weights[name].CopyTo(_weights[index].GetTensorMutableDataAsSpan<float>());
            point.Momenta?[name].CopyTo(_momenta[index], 0);
        }
        _isStale = false;
    }

    private sealed class Runtime : IDisposable
    {
        private readonly SessionOptions _sessionOptions;

        public Runtime(string folder, RuntimeOptions options)
        {
            _sessionOptions = SessionFactory.CreateOptions(options, log: null);
            State = CheckpointState.LoadCheckpoint(Path.Combine(folder, ArtifactSet.OrtCheckpointFile));
            Session = new TrainingSession(_sessionOptions, State, Path.Combine(folder, ArtifactSet.TrainingFile),
                Path.Combine(folder, ArtifactSet.EvaluationFile), Path.Combine(folder, ArtifactSet.OptimizerFile));
        }

        public CheckpointState State { get; }

        public TrainingSession Session { get; }

        public void Dispose()
        {
            Session.Dispose();
            State.Dispose();
            _sessionOptions.Dispose();
        }
    }
}
