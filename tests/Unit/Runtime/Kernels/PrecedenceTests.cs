using BiT.Graphs;
using BiT.Graphs.Serialization;
using BiT.Graphs.Serialization.Schema;
using BiT.Tests.Unit.Graphs.Cases;
using BiT.Tests.Unit.Graphs.Reference;
using BiT.Tests.Unit.Graphs.Serialization;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Tests.Unit.Runtime.Kernels;

/// <summary>What the whole design rests on, and ONNX Runtime's documentation does not say: a node whose operator has a kernel and a function in the
/// model runs the kernel; without a kernel it runs the function.</summary>
public sealed class PrecedenceTests
{
    [Fact]
    public void Session_WithKernels_PrefersThemToTheFunction() => Assert.Equal(Turned(), Run(withKernels: true));

    [Fact]
    public void Session_WithoutKernels_UsesTheFunction() => Assert.Equal(Kernel.Values, Run(withKernels: false));

    [Fact]
    public void Session_WithoutKernels_UsesTheTrueFunctionToo()
    {
        var data = new Dictionary<string, ReferenceTensor> { ["x"] = Kernel };

        Assert.Equal(Turned(), OnnxRuntimeProgram.Run(Program(), data)["y"].Values);
    }

    private static ReferenceTensor Kernel => Sample.Real(1, 1, 1, 3, 3);

    // One filter of one channel: turned around, it reads backwards.
    private static double[] Turned() => [.. Kernel.Values.Reverse()];

    private static Graph Program()
    {
        var b = new GraphBuilder("turn");
        b.Output("y", b.TurnKernel(b.Input("x", ElementType.Float32, Shape.Of(1, 1, 3, 3))));
        return b.Build();
    }

    // The function's body is replaced by Identity, so that the result tells who computed it.
    private static double[] Run(bool withKernels)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxWriter.ToBytes(Program()));
        var function = Assert.Single(model.Functions);
        function.Node.Clear();
        function.Node.Add(new NodeProto { OpType = "Identity", Input = { function.Input[0] }, Output = { function.Output[0] } });
        using var options = new SessionOptions();
        if (withKernels)
            BiT.Core.Runtime.Kernels.KernelDomain.Register(options);
        using var session = new InferenceSession(model.ToByteArray(), options);
        return OnnxRuntimeProgram.Run(session, new Dictionary<string, ReferenceTensor> { ["x"] = Kernel })["y"].Values;
    }
}
