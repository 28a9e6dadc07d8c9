using BiT.Graphs;
using BiT.Training.Planning;

namespace BiT.Training.Networks;

/// <summary>The optimisers that ONNX Runtime Training's kernels can be.</summary>
public enum OrtOptimizerKind
{
    /// <summary>SGD with momentum 0.9, as torch.optim.SGD: BiT's optimiser, on AdamW's kernel.</summary>
    SgdMomentum,

    /// <summary>AdamW as torch.optim.AdamW, without weight decay.</summary>
    AdamW,

    /// <summary>SGD without momentum.</summary>
    Sgd,
}

/// <summary>Builds optimizer_model.onnx for ONNX Runtime Training.</summary>
/// <remarks>
/// AdamW's kernel computes m = alpha m + (1 - alpha) g, v = beta v + (1 - beta) g^2, w -= rate m / (sqrt(v) + epsilon). With beta and epsilon 1
/// and no correction v stays 0 and w -= rate m. Against SGD's own m' = momentum m' + g, m is (1 - momentum) m': so the rate is divided by
/// 1 - momentum, in float32 as the kernel subtracts it.
/// </remarks>
public static class OrtOptimizerGraph
{
    /// <summary>SGD's momentum.</summary>
    public const float Momentum = 0.9f;

    /// <summary>What the runtime's learning_rate is as long as nobody sets it (its JavaScript interface cannot). A schedule is written for
    /// it.</summary>
    /// <remarks>Source: onnxruntime 1.19.2, orttraining/training_api/optimizer.h.</remarks>
    public const float InitialLearningRate = 0.001f;

    /// <summary>Momentum as AdamW's kernel keeps it, over momentum as SGD has it.</summary>
    public static float MomentumScale => 1f - Momentum;

    /// <param name="kind">The optimiser.</param>
    /// <param name="schedule">The rates; null takes learning_rate as it comes. With a schedule, learning_rate is a factor whose neutral value is
    /// <see cref="InitialLearningRate"/>; behind the schedule's end the rate is 0.</param>
    public static Graph Build(OrtOptimizerKind kind, LearningRateSchedule? schedule)
    {
        var b = new GraphBuilder("optimizer");
        var given = b.Input("learning_rate", ElementType.Float32, Shape.Of(1));
        var step = b.Input("step", ElementType.Int64, Shape.Of(1));
        var parameters = b.SequenceInput("params", ElementType.Float32);
        var gradients = b.SequenceInput("gradients", ElementType.Float32);
        var scale = kind == OrtOptimizerKind.SgdMomentum ? 1.0 / MomentumScale : 1;
        var rate = schedule is null ? Scaled(b, given, scale) : b.Mul(given, FromTable(b, step, schedule, scale));
        // The runtime hands SGD a first momentum too, which its kernel does not take.
        var first = b.SequenceInput("first_order_moments", ElementType.Float32);
        b.Output("updated_flag", kind == OrtOptimizerKind.Sgd
            ? b.SgdStep(rate, parameters, gradients)
            : b.AdamWStep(rate, step, (parameters, gradients, first, b.SequenceInput("second_order_moments", ElementType.Float32)), AdamWAttributes(kind)));
        b.Metadata("bit.optimizer", OrtOptimizerNames.Of(kind));
        return b.Build();
    }

    private static Attributes AdamWAttributes(OrtOptimizerKind kind) => kind == OrtOptimizerKind.SgdMomentum
        ? Attributes.None.With("alpha", Momentum).With("beta", 1f).With("epsilon", 1f).With("weight_decay", 0f).With("correct_bias", 0L).With("adam_mode", 1L)
        : Attributes.None.With("alpha", 0.9f).With("beta", 0.999f).With("epsilon", 1e-8f).With("weight_decay", 0f).With("correct_bias", 1L).With("adam_mode", 0L);

    private static Value Scaled(GraphBuilder b, Value rate, double scale) => scale == 1 ? rate : b.Mul(rate, b.ScalarFor(rate, scale));

    // The runtime counts steps from 1. One more entry than steps: training has ended there.
    private static Value FromTable(GraphBuilder b, Value step, LearningRateSchedule schedule, double scale)
    {
        var factors = Enumerable.Range(0, schedule.Steps + 1)
            .Select(index => (float)((schedule.RateAt(index) ?? 0) * scale / InitialLearningRate)).ToArray();
        var table = b.Constant(Tensor.Of(Shape.Of(factors.Length), factors));
        var last = b.Constant(Tensor.Of(schedule.Steps + 1L));
        var position = b.Where(b.Greater(step, last), last, step);
        return b.Gather(table, b.Sub(position, b.Constant(Tensor.Of(1L))), 0);
    }
}
