using System.Diagnostics;
using BiT.Serving.Jobs;

namespace BiT.Tests.Unit.Serving.Jobs;

public sealed class TrainerEvidenceTests
{
    [Theory]
    [InlineData(0, "ended with code 0")]
    [InlineData(1, "ended with code 1")]
    [InlineData(128, "ended with code 128")]
    [InlineData(134, "was ended by signal 6 (SIGABRT)")]
    [InlineData(137, "was ended by signal 9 (SIGKILL)")]
    [InlineData(139, "was ended by signal 11 (SIGSEGV)")]
    [InlineData(163, "was ended by signal 35")]
    [InlineData(193, "ended with code 193")]
    public void End_ByItsExitCode_IsNamed(int exitCode, string expected) => Assert.Equal(expected, TrainerEvidence.HowItEnded(exitCode));

    [Fact]
    public void Describe_HoldsTheLastLinesAndTheMemory()
    {
        var evidence = new TrainerEvidence();
        for (var line = 1; line <= 100; line++)
            evidence.AddLine($"line {line} {new string('x', line == 100 ? 1000 : 0)}");
        using var process = Process.GetCurrentProcess();
        evidence.Sample(process);

        var end = evidence.Describe(137, TimeSpan.FromSeconds(12.34), wasStopped: false);

        var lines = end.Evidence.Split('\n');
        Assert.Matches(@"^was ended by signal 9 \(SIGKILL\) after 12\.3 s; its memory was [1-9][0-9,]* MiB at most.* Its last lines:$", lines[0]);
        Assert.Equal(Enumerable.Range(89, 12), lines[1..].Select(line => int.Parse(line.Split(' ')[1], null)));
        Assert.True(end.Evidence.Length < 4000, "An event would be cut.");
        Assert.False(end.WasStopped);
    }

    [Fact]
    public void Describe_OfATrainerThatSaidNothing_SaysSo()
    {
        var end = new TrainerEvidence().Describe(1, TimeSpan.Zero, wasStopped: true);

        Assert.StartsWith("ended with code 1 after 0.0 s", end.Evidence, StringComparison.Ordinal);
        Assert.EndsWith(". It logged nothing.", end.Evidence, StringComparison.Ordinal);
        Assert.True(end.WasStopped);
    }
}
