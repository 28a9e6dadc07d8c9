using BiT.Bench.Timing;
using BiT.Bench.Workloads;

namespace BiT.Tests.Unit.Bench.Timing;

public sealed class InterleavingTests
{
    [Fact]
    public void Forms_OverSomeRounds_RunInTurnsAfterTheirWarmUp()
    {
        var log = new List<string>();
        using var first = new Logged("a", log);
        using var second = new Logged("b", log);

        var samples = Interleaving.Time([first, second], rounds: 3);

        Assert.Equal([.. Enumerable.Repeat(new[] { "a", "b" }, Interleaving.WarmUps + 3).SelectMany(turn => turn)], log);
        Assert.Equal([3, 3], samples.Select(sample => sample.Count));
    }

    private sealed class Logged(string name, List<string> log) : ITimedForm
    {
        public void Run() => log.Add(name);

        public void Dispose()
        {
        }
    }
}
