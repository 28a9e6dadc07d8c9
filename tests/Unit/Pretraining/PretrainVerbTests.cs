using System.Text.Json;
using BiT.Core.Weights;
using BiT.Training.Networks;
using BiT.Training.Verbs;
using BiT.Training.Weights;

namespace BiT.Tests.Unit.Pretraining;

/// <summary>The whole verb on coloured squares, with the smallest network.</summary>
public sealed class PretrainVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pretrain_ColouredSquares_LearnsThemAndTellsIt()
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 14));
        var validation = PhotoFiles.Folder(At("validation"), PhotoFiles.Squares(perClass: 5));

        var (code, output, error) = await Run($"pretrain --data {zip} --validation {validation} --out {At("run")} {Short} --epochs 10 --log-steps 5 --json");

        Assert.Equal((0, ""), (code, error));
        var lines = output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal("start", Event(lines[0]));
        Assert.Equal(("end", "finished"), (Event(lines[^1]), lines[^1].GetProperty("outcome").GetString()));
        var steps = lines.Where(line => Event(line) == "step").ToArray();
        Assert.True(steps[^1].GetProperty("loss").GetDouble() < steps[0].GetProperty("loss").GetDouble());
        Assert.All(steps, line => Assert.InRange(line.GetProperty("data_wait").GetDouble(), 0, 1));
        var evaluations = lines.Where(line => Event(line) == "evaluation").ToArray();
        var total = lines[0].GetProperty("steps").GetInt32();
        // The held-back photos each epoch and at the end, the validation photos once.
        Assert.Equal(Enumerable.Range(1, total).Where(step => step % (total / 10) == 0 || step == total).Append(total), evaluations.Select(line => line.GetProperty("step").GetInt32()));
        Assert.All(evaluations[..^1], line => Assert.Equal("held_back", line.GetProperty("set").GetString()));
        Assert.Equal(("validation", 15, 1.0, 1.0), (evaluations[^1].GetProperty("set").GetString(), evaluations[^1].GetProperty("photos").GetInt32(),
            evaluations[^1].GetProperty("top1").GetDouble(), evaluations[^1].GetProperty("top5").GetDouble()));
        // The curve holds the measurements that were told.
        Assert.Equal(lines.Where(line => Event(line) is "step" or "evaluation").Select(line => line.GetRawText()), File.ReadLines(At("run/curve.jsonl")));
    }

    [Fact]
    public async Task Snapshot_OfARun_HoldsItsWeightsRoundedAndMeasured()
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 14));
        await Run($"pretrain --data {zip} --out {At("run")} {Short} --epochs 6");

        var (code, output, error) = await Run($"snapshot --run {At("run")} --weights {At("half.npz")} --fp16 --data {zip} --validation {zip}");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(0, (await Run($"snapshot --run {At("run")} --weights {At("full.npz")}")).Code);

        var (half, full) = (NpzFile.Read(At("half.npz")), NpzFile.Read(At("full.npz")));
        Assert.Equal(full.Keys, half.Keys);
        Assert.All(full, array => Assert.Equal(array.Value.Values.Select(value => (float)(Half)value), half[array.Key].Values));
        Assert.Equal(3, NpzWeights.Read(At("half.npz"), BitNetwork.ByName("bit-tiny")).ClassCount);
        var description = JsonDocument.Parse(File.ReadAllText(At("half.npz.json"))).RootElement;
        var steps = description.GetProperty("steps").GetInt64();
        Assert.Equal((steps, "float16"), (description.GetProperty("step").GetInt64(), description.GetProperty("element_type").GetString()));
        Assert.Equal(["blue", "green", "red"], description.GetProperty("plan").GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        var evaluations = JsonDocument.Parse(output).RootElement.GetProperty("evaluations").EnumerateArray().ToArray();
        Assert.Equal(["held_back", "validation"], evaluations.Select(evaluation => evaluation.GetProperty("set").GetString()));
        // What the run measured of the same weights.
        var last = JsonDocument.Parse(File.ReadLines(At("run/curve.jsonl")).Last()).RootElement;
        Assert.Equal(last.GetProperty("loss").GetDouble(), evaluations[0].GetProperty("float32").GetProperty("loss").GetDouble());
        Assert.Equal(42, evaluations[1].GetProperty("float16").GetProperty("photos").GetInt32());
        Assert.NotEqual(evaluations[1].GetProperty("float32").GetProperty("loss").GetDouble(), evaluations[1].GetProperty("float16").GetProperty("loss").GetDouble());
    }

    [Fact]
    public async Task Pretrain_SameCommandAgain_TellsThatItIsFinishedAndChangesNothing()
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 8));
        var command = $"pretrain --data {zip} --validation {zip} --out {At("run")} {Short} --epochs 2";
        await Run(command);
        var before = Content("run");

        var (code, output, _) = await Run(command);

        Assert.Equal(0, code);
        Assert.Contains("Finished", output);
        Assert.Equal(before, Content("run"));
    }

    [Theory]
    [InlineData("--epochs 3", "epochs: 2, now 3")]
    [InlineData("--seed 8", "seed: 7, now 8")]
    [InlineData("--crop-area 0.5-1", "crop.min_area: 0.25, now 0.5")]
    [InlineData("--learning-rate 0.02", "schedule.base_rate: 0.01, now 0.02")]
    [InlineData("--holdout 0", "hold_out: 0.2, now 0")]
    public async Task Pretrain_AnotherPlanInTheSameFolder_IsRefusedWithWhatDiffers(string change, string difference)
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 8));
        var options = (Short + " --epochs 2").Split("--", StringSplitOptions.RemoveEmptyEntries).Select(option => "--" + option.Trim());
        await Run($"pretrain --data {zip} --out {At("run")} {string.Join(' ', options)}");
        var before = Content("run");

        var changed = options.Where(option => option.Split(' ')[0] != change.Split(' ')[0]).Append(change);
        var (code, _, error) = await Run($"pretrain --data {zip} --out {At("run")} {string.Join(' ', changed)}");

        Assert.Equal(2, code);
        Assert.Contains("another plan", error);
        Assert.Contains(difference, error);
        Assert.Equal(before, Content("run"));
    }

    [Fact]
    public async Task Pretrain_FromAnEarlierRunsWeights_GoesOnFromWhatTheyKnow()
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 14));
        await Run($"pretrain --data {zip} --out {At("first")} {Short} --epochs 8");
        await Run($"snapshot --run {At("first")} --weights {At("first.npz")}");
        // Too small a rate to change anything within a step.
        var next = $"pretrain --data {zip} --weights {At("first.npz")} --out {At("next")} --size 32 --batch 8 --learning-rate 1e-12 --epochs 1 --holdout 0.2 --log-steps 1";

        var (code, _, error) = await Run(next);

        Assert.Equal((0, ""), (code, error));
        var reached = File.ReadLines(At("first/curve.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).Last(line => Event(line) == "evaluation");
        var kept = File.ReadLines(At("next/curve.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).Last(line => Event(line) == "evaluation");
        Assert.Equal(reached.GetProperty("loss").GetDouble(), kept.GetProperty("loss").GetDouble(), 1e-4);

        // Without what names the head's classes, or for other classes, the head is new.
        File.Delete(At("first.npz.json"));
        var (other, _, warning) = await Run(next.Replace(At("next"), At("other"), StringComparison.Ordinal));
        Assert.Equal((0, true), (other, warning.Contains("new one", StringComparison.Ordinal)));
        var unknowing = JsonDocument.Parse(File.ReadLines(At("other/curve.jsonl")).First()).RootElement;
        Assert.Equal(Math.Log(3), unknowing.GetProperty("loss").GetDouble(), 1e-4);

        // The weights are part of the plan.
        var (refused, _, difference) = await Run(next.Replace($"--weights {At("first.npz")} ", "", StringComparison.Ordinal));
        Assert.Equal(2, refused);
        Assert.Contains("weights.sha256: ", difference);
        Assert.Contains("now none", difference);
    }

    [Theory]
    [InlineData("missing.npz", "missing.npz")]
    [InlineData("text.npz", "no readable npz")]
    public async Task Pretrain_FromWeightsThatCannotBeRead_IsRefused(string file, string named)
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 4));
        File.WriteAllText(At("text.npz"), "text");

        var (code, _, error) = await Run($"pretrain --data {zip} --weights {At(file)} --out {At("run")} {Short}");

        Assert.Equal(2, code);
        Assert.Contains(named, error);
        Assert.False(Directory.Exists(At("run")));
    }

    [Fact]
    public async Task Pretrain_OtherPhotosInTheSameFolder_IsRefused()
    {
        var files = PhotoFiles.Squares(perClass: 8);
        await Run($"pretrain --data {PhotoFiles.Folder(At("a"), files)} --out {At("run")} {Short} --epochs 2");
        files.Remove("red/03.png");

        var (code, _, error) = await Run($"pretrain --data {PhotoFiles.Folder(At("b"), files)} --out {At("run")} {Short} --epochs 2");

        Assert.Equal(2, code);
        Assert.Contains("_id: ", error);
    }

    [Fact]
    public async Task Pretrain_FolderInUse_IsRefused()
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 8));
        Directory.CreateDirectory(At("run"));
        using var held = new FileStream(At("run/lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        var (code, _, error) = await Run($"pretrain --data {zip} --out {At("run")} {Short}");

        Assert.Equal(2, code);
        Assert.Contains("in use", error);
    }

    [Fact]
    public async Task Pretrain_BrokenPhotos_AreToldOnceAndLeftOut()
    {
        var files = PhotoFiles.Squares(perClass: 8);
        foreach (var name in (string[])["blue/03.png", "red/05.png"])
            files[name] = [1, 2, 3];
        var zip = PhotoFiles.Zip(At("squares.zip"), files);

        var (code, output, error) = await Run($"pretrain --data {zip} --out {At("run")} {Short} --epochs 3 --max-broken 2");

        Assert.Equal(0, code);
        Assert.Equal(2, error.Split('\n').Count(line => line.StartsWith("Photo left out: ", StringComparison.Ordinal)));
        Assert.Contains("2 photos left out", output);

        var (tooMany, _, reason) = await Run($"pretrain --data {zip} --out {At("other")} {Short} --epochs 3 --max-broken 1");

        Assert.Equal(1, tooMany);
        Assert.Contains("2 photos are broken; expected at most 1", reason);
        Assert.DoesNotContain("   at ", reason);
    }

    [Fact]
    public async Task Pretrain_ThatDiverges_EndsWithTheCure()
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 8));

        var (code, _, error) = await Run($"pretrain --data {zip} --out {At("run")} --size 32 --batch 8 --learning-rate 10 --weight-decay 1 --warmup-steps 0 --epochs 100 --holdout 0");

        Assert.Equal(1, code);
        Assert.Contains("diverged", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Theory]
    [InlineData("--size 16", "--size is 16; expected 32 to 1024")]
    [InlineData("--size 2000", "--size")]
    [InlineData("--batch 0", "--batch is 0")]
    [InlineData("--batch 5000", "--batch")]
    [InlineData("--micro-batch 7", "divisor")]
    [InlineData("--micro-batch 65", "--micro-batch is 65; expected 1 to 64")]
    [InlineData("--epochs 0", "--epochs is 0; expected more than 0")]
    [InlineData("--epochs NaN", "--epochs")]
    [InlineData("--epochs 100000 --batch 1", "steps; expected at most 1,000,000")]
    [InlineData("--learning-rate 0", "--learning-rate")]
    [InlineData("--learning-rate 11", "--learning-rate")]
    [InlineData("--warmup-steps -1", "--warmup-steps")]
    [InlineData("--warmup-steps 999999", "--warmup-steps is 999999; expected at most")]
    [InlineData("--schedule linear", "--schedule is 'linear'; expected cosine or staircase")]
    [InlineData("--weight-decay 2", "--weight-decay")]
    [InlineData("--mixup -1", "--mixup")]
    [InlineData("--crop-area 0-1", "--crop-area is '0-1'; expected MIN-MAX within 0.01-1")]
    [InlineData("--crop-area 1", "--crop-area")]
    [InlineData("--crop-area 0.9-0.5", "--crop-area")]
    [InlineData("--crop-ratio 0.75-100", "--crop-ratio")]
    [InlineData("--holdout 0.6", "--holdout")]
    [InlineData("--holdout -0.1", "--holdout")]
    [InlineData("--evaluate-epochs 0", "--evaluate-epochs")]
    [InlineData("--checkpoint-minutes 0", "--checkpoint-minutes")]
    [InlineData("--max-broken -1", "--max-broken")]
    [InlineData("--threads 2000", "--threads")]
    [InlineData("--memory-bytes 5", "--memory-bytes")]
    [InlineData("--memory-bytes 67108864", "memory")]
    [InlineData("--network R18x1", "--network")]
    [InlineData("--class-range 1-2", "--classes")]
    [InlineData("--classes missing.txt", "missing.txt")]
    [InlineData("--provider tpu", "tpu")]
    public async Task Pretrain_BadValue_IsNamedWithExitCode2AndLeavesNoFolder(string option, string named)
    {
        var zip = PhotoFiles.Zip(At("squares.zip"), PhotoFiles.Squares(perClass: 4));

        var (code, output, error) = await Run($"pretrain --data {zip} --out {At("run")} {option}");

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(named, error);
        Assert.False(Directory.Exists(At("run")));
    }

    [Theory]
    [InlineData("pretrain --out x", "--data")]
    [InlineData("pretrain --data x", "--out")]
    [InlineData("pretrain --data missing --out x", "missing")]
    [InlineData("snapshot --run missing --weights x.npz", "no pre-training run")]
    public async Task Verb_WithoutWhatItNeeds_SaysSoWithExitCode2(string commandLine, string named)
    {
        var (code, _, error) = await Run(commandLine);

        Assert.Equal(2, code);
        Assert.Contains(named, error);
    }

    private const string Short = "--size 32 --batch 8 --micro-batch 4 --learning-rate 0.01 --seed 7 --holdout 0.2 --threads 1";

    private static string? Event(JsonElement line) => line.GetProperty("event").GetString();

    private Dictionary<string, string> Content(string folder) => Directory.EnumerateFiles(At(folder), "*", SearchOption.AllDirectories)
        .ToDictionary(path => path, path => Convert.ToHexString(File.ReadAllBytes(path)));

    private string At(string name) => Path.Combine(_folder.Path, name);

    private static async Task<(int Code, string Output, string Error)> Run(string commandLine)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await TrainerCommand.RunAsync(commandLine.Split(' '), output, error);
        return (code, output.ToString(), error.ToString());
    }
}
