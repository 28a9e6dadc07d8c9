using BiT.Bench.Workloads;
using BiT.Core.Runtime;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Bench.Workloads;

public sealed class PinnedHashesTests
{
    private static readonly string Zeros = new('0', 64);

    private static readonly Workload Tiny = new(BitNetwork.ByName("bit-tiny"), 64, 64, new RuntimeOptions());

    public static TheoryData<string> Pinned => [.. PinnedHashes.Load().Keys];

    [Theory]
    [MemberData(nameof(Pinned))]
    public void PlainGraph_OfThisCode_IsThePinnedOne(string key)
    {
        var parts = key.Split(' ');
        var workload = new Workload(BitNetwork.ByName(parts[1]), int.Parse(parts[2]), int.Parse(parts[3]), new RuntimeOptions());

        Assert.True(PinnedHashes.Load().Check(parts[0], workload, parts[0] == "infer" ? PlainGraphs.HashOfInference(workload) : PlainGraphs.HashOfTrainStep(workload)));
    }

    [Fact]
    public void Baselines_HoldTheWorkloadsOfTheTargets() =>
        Assert.Superset(new HashSet<string> { "train-step R50x1 8 128", "train-step R50x1 16 224", "train-step bit-tiny 64 64", "infer R50x1 8 224" },
            PinnedHashes.Load().Keys.ToHashSet());

    [Fact]
    public void Check_OfAnotherGraph_NamesBothHashes()
    {
        var problem = Assert.Throws<InvalidOperationException>(
            () => PinnedHashes.Parse($"train-step bit-tiny 64 64 {Zeros}").Check("train-step", Tiny, "abc"));

        Assert.Contains("has hash abc", problem.Message, StringComparison.Ordinal);
        Assert.Contains(Zeros, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OfAWorkloadWithoutLine_IsFalse() => Assert.False(PinnedHashes.Parse($"# comment\ninfer bit-tiny 64 64 {Zeros}\n").Check("train-step", Tiny, "abc"));

    [Theory]
    [InlineData("train-step bit-tiny 64 64 abc")]
    [InlineData("train-step bit-tiny 64")]
    public void Parse_OfAnotherLine_QuotesIt(string line) =>
        Assert.Contains(line, Assert.Throws<InvalidDataException>(() => PinnedHashes.Parse(line)).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_OfTwoLinesForOneWorkload_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => PinnedHashes.Parse($"infer bit-tiny 1 64 {Zeros}\ninfer bit-tiny 1 64 {Zeros}"));
}
