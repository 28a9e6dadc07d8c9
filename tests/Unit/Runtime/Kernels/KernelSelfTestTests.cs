using BiT.Core.Runtime;
using BiT.Core.Runtime.Kernels;
using BiT.Graphs;
using BiT.Graphs.Fused;
using BiT.Graphs.Serialization;
using BiT.Tests.Unit.Repository;

namespace BiT.Tests.Unit.Runtime.Kernels;

public sealed class KernelSelfTestTests
{
    [Fact]
    public void Resource_IsTheProgramOfToday()
    {
        var path = Path.Combine(RepositoryRoot.Path, "src", "Core", "Runtime", "Kernels", KernelSelfTest.ModelResource);
        var expected = SelfTestProgram.Bytes();
        if (Environment.GetEnvironmentVariable("BIT_WRITE_SELF_TEST") == "1")
            File.WriteAllBytes(path, expected);

        Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(path)),
            $"{path} is not what {nameof(SelfTestProgram)} writes. Run this test with BIT_WRITE_SELF_TEST=1, then build again.");
    }

    [Fact]
    public void Program_UsesEveryKernel()
    {
        var used = SelfTestProgram.Build().Nodes.Select(node => FusedOperators.FunctionName(node.Operator, node.Attributes)).ToHashSet();

        Assert.Equal(KernelDomain.Kernels.Select(kernel => kernel.Name).Order(), used.Order());
    }

    [Fact]
    public void Passes_OnThisMachine()
    {
        var lines = new List<string>();

        Assert.Null(KernelSelfTest.Compare(SelfTestProgram.Bytes()));
        Assert.True(KernelSelfTest.Passes(lines.Add), string.Join("; ", lines));
        Assert.Empty(lines);
    }

    [Fact]
    public void Compare_ABodyThatMeansSomethingElse_NamesTheOutput()
    {
        var model = BiT.Graphs.Serialization.Schema.ModelProto.Parser.ParseFrom(SelfTestProgram.Bytes());
        model.Functions.Single(function => function.Name == "TurnKernel").Node.Single(node => node.OpType == "Transpose").Attribute[0].Ints.Clear();
        model.Functions.Single(function => function.Name == "TurnKernel").Node.Single(node => node.OpType == "Transpose").Attribute[0].Ints.Add([1, 0, 3, 2]);

        var problem = KernelSelfTest.Compare(Google.Protobuf.MessageExtensions.ToByteArray(model));

        Assert.Contains("differs from its plain form", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_NoModel_IsAFailureAndNoException() => Assert.NotNull(KernelSelfTest.Compare([1, 2, 3]));

    [Theory]
    [InlineData("cpu", true, true)]
    [InlineData("cpu", false, false)]
    [InlineData("cuda:0", true, false)]
    public void AreUsed_FollowsProviderAndSetting(string provider, bool setting, bool expected) =>
        Assert.Equal(expected, ManagedKernels.AreUsed(new RuntimeOptions { ExecutionProvider = provider, ManagedKernels = setting }));
}
