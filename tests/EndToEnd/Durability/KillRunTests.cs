using System.Diagnostics;
using System.Globalization;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>Random kills. <c>bash tests/kill.sh N [SEED]</c> does many; here are a few.</summary>
public sealed class KillRunTests
{
    private const int FewRepetitions = 4;

    [Fact]
    public async Task Trainer_KilledAtRandomMoments_EndsAsUninterruptedOnesToTheBit()
    {
        var repetitions = Variable("BIT_KILLS") ?? FewRepetitions;
        var seed = Variable("BIT_KILL_SEED") ?? Random.Shared.Next();
        await using var run = new KillRun(seed);
        var start = Stopwatch.GetTimestamp();
        try
        {
            await run.RunAsync(repetitions);
        }
        finally
        {
            Report([
                string.Create(CultureInfo.InvariantCulture,
                    $"{run.Identical} of {repetitions} identical to the bit (seed {seed}, {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s)"),
                .. run.Moments.Select(moment => $"  killed {moment.Key}: {moment.Value}"), .. run.Differences.Select(difference => $"  different: {difference}"),
            ]);
        }
        Assert.True(run.Differences.Count == 0, $"Seed {seed}: {string.Join('\n', run.Differences)}");
        Assert.Equal(repetitions, run.Identical);
    }

    private static int? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private static void Report(IEnumerable<string> lines)
    {
        if (Environment.GetEnvironmentVariable("BIT_KILL_REPORT") is { Length: > 0 } path)
            File.WriteAllLines(path, lines);
    }
}
