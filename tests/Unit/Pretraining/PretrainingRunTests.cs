using System.Text.Json;
using BiT.Training.Checkpoints;

namespace BiT.Tests.Unit.Pretraining;

/// <summary>A run in pieces is the run in one piece, to the bit.</summary>
public sealed class PretrainingRunTests : IDisposable
{
    // Three epochs of 56 photos, in steps of 8; an evaluation every 7 steps.
    private const int Steps = 21;
    private const string Options = "--size 32 --batch 8 --micro-batch 4 --learning-rate 0.01 --warmup-steps 3 --seed 7 --holdout 0.2 --threads 1 --epochs 3 --log-steps 1 --mixup 0.2";

    private readonly TemporaryFolder _folder = new();
    private readonly string _zip;

    public PretrainingRunTests() => _zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 20));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_StoppedAtSeveralPoints_EndsWithTheSameCheckpointAndCurve()
    {
        var whole = Whole();

        // After the first step; in the middle of an epoch; at an evaluation; one step before the end.
        foreach (var step in (int[])[1, 4, 7, Steps - 1])
        {
            var (code, lines, _) = RunUntil.Stop(Command("pieces"), line => Event(line) == "step" && Step(line) >= step);
            Assert.Equal(0, code);
            Assert.Equal(("stopped", true), (lines[^1].GetProperty("outcome").GetString(), Step(lines[^1]) >= step && Step(lines[^1]) < Steps));
        }
        var (_, last, warnings) = RunUntil.Stop(Command("pieces"), null);

        Assert.Equal(("finished", Steps), (last[^1].GetProperty("outcome").GetString(), Step(last[^1])));
        Assert.Equal("", warnings);
        AssertSame(whole, "pieces");
    }

    [Fact]
    public void Run_StoppedWhileEvaluating_OwesTheEvaluation()
    {
        var whole = Whole();
        var evaluation = whole.Lines.Where(line => Event(line) == "evaluation").Select(Step).First();

        // The line of the last step before an evaluation is told before it begins.
        RunUntil.Stop(Command("pieces"), line => Event(line) == "step" && Step(line) == evaluation);
        RunUntil.Stop(Command("pieces"), null);

        AssertSame(whole, "pieces");
    }

    [Fact]
    public void Run_WhoseNewestCheckpointIsDamagedOrLost_ContinuesFromTheOneBefore()
    {
        var whole = Whole();
        // A checkpoint at each step, of which two are kept.
        RunUntil.Stop(Command("damaged") + " --checkpoint-minutes 1e-9", line => Step(line) >= 9);
        var checkpoints = Directory.GetFiles(At("damaged/attempt-1")).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(2, checkpoints.Length);
        using (var file = File.OpenWrite(checkpoints[1]))
            file.SetLength(file.Length - 1);

        var (code, lines, warnings) = RunUntil.Stop(Command("damaged"), null);

        Assert.Equal(0, code);
        Assert.Equal(int.Parse(checkpoints[0][^21..^12], System.Globalization.CultureInfo.InvariantCulture), Step(lines[0]));
        Assert.Contains("damaged", warnings);
        AssertSame(whole, "damaged");
    }

    [Fact]
    public void Run_WithoutAnyUsableCheckpoint_IsRefusedInsteadOfBegunAnew()
    {
        RunUntil.Stop(Command("run"), line => Step(line) >= 2);
        var file = Directory.GetFiles(At("run/attempt-1")).Single();
        File.WriteAllText(file, "lost");

        Assert.Contains("none can be used", Assert.ThrowsAny<Exception>(() => RunUntil.Stop(Command("run"), null)).Message);
        Assert.Equal("lost", File.ReadAllText(file));
    }

    [Fact]
    public void Run_OnAnotherFingerprint_Warns()
    {
        RunUntil.Stop(Command("run"), line => Step(line) >= 2);

        var (code, _, warnings) = RunUntil.Stop(Command("run").Replace("--threads 1", "--threads 2", StringComparison.Ordinal), null);

        Assert.Equal(0, code);
        Assert.Contains("1 threads", warnings);
        Assert.Contains("last bits", warnings);
    }

    // /dev/full refuses every byte, as a full disk does.
    [Fact]
    public void Run_StoppedOnAFullDisk_FailsAndKeepsTheCheckpointBefore()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /dev/full.");
        var whole = Whole();
        RunUntil.Stop(Command("full"), line => Step(line) >= 3);
        var before = Directory.GetFiles(At("full/attempt-1")).Single();
        var next = int.Parse(before[^21..^12], System.Globalization.CultureInfo.InvariantCulture) + 1;
        File.CreateSymbolicLink(At($"full/attempt-1/step-{next:000000000}.safetensors.tmp"), "/dev/full");

        var (code, lines, warnings) = RunUntil.Stop(Command("full"), line => Event(line) == "step" && Step(line) == next);

        Assert.Equal(1, code);
        Assert.Contains("No space left", warnings);
        Assert.Contains("could not be written", warnings);
        Assert.DoesNotContain(lines, line => Event(line) == "checkpoint" && Step(line) == next);
        Assert.True(File.Exists(before));
        Assert.Equal(0, RunUntil.Stop(Command("full"), null).Code);
        AssertSame(whole, "full");
    }

    [Fact]
    public void Run_FromAFolderOrAnotherNumberOfZips_IsTheSameRun()
    {
        var whole = Whole();
        var files = PhotoFiles.Squares(perClass: 20);
        var folder = PhotoFiles.Folder(At("photos"), files.Where((_, index) => index % 2 == 0));
        var rest = PhotoFiles.Zip(At("rest.zip"), files.Where((_, index) => index % 2 == 1), System.IO.Compression.CompressionLevel.Optimal);

        RunUntil.Stop(Command("pieces"), line => Step(line) >= 5);
        RunUntil.Stop($"--data {folder} {rest} --out {At("pieces")} {Options}", null);

        AssertSame(whole, "pieces");
    }

    private (byte[] Checkpoint, IReadOnlyList<JsonElement> Lines) Whole()
    {
        var (code, lines, warnings) = RunUntil.Stop(Command("whole"), null);
        Assert.Equal((0, "", Steps), (code, warnings, Step(lines[^1])));
        return (File.ReadAllBytes(Newest("whole")), lines);
    }

    private void AssertSame((byte[] Checkpoint, IReadOnlyList<JsonElement> Lines) whole, string folder)
    {
        // The whole file: weights, momenta, best weights, evaluations and losses.
        Assert.True(whole.Checkpoint.AsSpan().SequenceEqual(File.ReadAllBytes(Newest(folder))), "The last checkpoints differ.");
        Assert.Equal(Steps, TrainingState.FromJson(TensorFile.Read(Newest(folder)).Texts["state"]).Step);
        Assert.Equal(Measurements(File.ReadLines(At("whole/curve.jsonl"))), Measurements(File.ReadLines(At($"{folder}/curve.jsonl"))));
    }

    // What does not depend on how fast the machine was.
    private static IEnumerable<string> Measurements(IEnumerable<string> curve) => curve.Select(text =>
    {
        var line = JsonDocument.Parse(text).RootElement;
        string[] timeless = ["event", "step", "epoch", "loss", "learning_rate", "set", "photos", "top1", "top5", "is_best"];
        return string.Join(' ', timeless.Where(name => line.TryGetProperty(name, out _)).Select(name => line.GetProperty(name).GetRawText()));
    });

    private string Newest(string folder) => Directory.GetFiles(At($"{folder}/attempt-1")).Order(StringComparer.Ordinal).Last();

    private string Command(string folder) => $"--data {_zip} --out {At(folder)} {Options}";

    private string At(string name) => Path.Combine(_folder.Path, name);

    private static string? Event(JsonElement line) => line.GetProperty("event").GetString();

    private static int Step(JsonElement line) => line.GetProperty("step").GetInt32();
}
