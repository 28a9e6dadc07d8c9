using System.Text;
using BiT.Training.Checkpoints;
using BiT.Training.Networks;

namespace BiT.Tests.Unit.Checkpoints;

/// <summary>Which checkpoints are kept, and which are trusted.</summary>
public sealed class CheckpointFolderTests : IDisposable
{
    private static readonly IReadOnlyList<Parameter> Parameters = NetworkParameters.Head(4, 2);

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Save_KeepsTheNewestTwoAndWhatAnUnfinishedWriteLeftGoes()
    {
        var folder = Folder(attempt: 1);
        folder.Save(Checkpoint(1));
        File.WriteAllText(Path.Combine(_folder.Path, "attempt-1", "step-000000009.safetensors.tmp"), "half");

        foreach (var step in (long[])[2, 3])
            folder.Save(Checkpoint(step));

        Assert.Equal(["attempt-1/step-000000002.safetensors", "attempt-1/step-000000003.safetensors"], Files());
    }

    [Fact]
    public void Save_InALaterAttempt_LeavesTheEarlierOnesUntilItHasTwoOfItsOwn()
    {
        Folder(attempt: 1).Save(Checkpoint(3));
        Folder(attempt: 2).Save(Checkpoint(4));

        Folder(attempt: 3).Save(Checkpoint(5));
        Assert.Equal(["attempt-1/step-000000003.safetensors", "attempt-2/step-000000004.safetensors", "attempt-3/step-000000005.safetensors"], Files());
        Folder(attempt: 3).Save(Checkpoint(6));

        Assert.Equal(["attempt-3/step-000000005.safetensors", "attempt-3/step-000000006.safetensors"], Files());
    }

    [Fact]
    public void LoadNewest_OfALaterAttempt_GivesWhatWasSavedToTheBit()
    {
        var saved = Checkpoint(5);
        Folder(attempt: 1).Save(Checkpoint(4));
        Folder(attempt: 1).Save(saved);

        var loaded = Load(attempt: 2) ?? throw new InvalidOperationException("Nothing was loaded.");

        Assert.Equal(saved.State.ToJson(), loaded.State.ToJson());
        Assert.Equal(saved.Weights, loaded.Weights);
        Assert.Equal(saved.Momenta, loaded.Momenta);
        Assert.Equal(saved.BestWeights, loaded.BestWeights);
        Assert.Empty(_log);
    }

    [Theory]
    [InlineData("\\u0022step\\u0022:5", "\\u0022step\\u0022:6")]
    [InlineData("\\u0022evaluationsWithoutImprovement\\u0022:2", "\\u0022evaluationsWithoutImprovement\\u0022:1")]
    [InlineData("bit-checkpoint-1", "bit-checkpoint-2")]
    public void LoadNewest_AHeaderThatSaysSomethingElse_IsSkippedForTheOneBefore(string text, string changed)
    {
        Folder(attempt: 1).Save(Checkpoint(4));
        var newest = Path.Combine(_folder.Path, Folder(attempt: 1).Save(Checkpoint(5)));
        var content = Encoding.Latin1.GetString(File.ReadAllBytes(newest));
        Assert.Contains(text, content, StringComparison.Ordinal);
        File.WriteAllBytes(newest, Encoding.Latin1.GetBytes(content.Replace(text, changed, StringComparison.Ordinal)));

        Assert.Equal(4, Load(attempt: 2)?.State.Step);
        Assert.Contains("its header does not match its hash", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public void LoadNewest_OfAnotherPlanShapeOrContent_IsSkippedWithTheReason()
    {
        Folder(attempt: 1).Save(Checkpoint(4));
        Assert.Null(new CheckpointFolder(_folder.Path, 1, "another plan", "here").LoadNewest(Parameters, _log.Add));
        Assert.Null(Folder(attempt: 1).LoadNewest(NetworkParameters.Head(5, 2), _log.Add));
        var file = Path.Combine(_folder.Path, Files()[0]);
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Null(Load(attempt: 1));

        Assert.Equal(3, _log.Count);
        Assert.Contains("belongs to another plan", _log[0], StringComparison.Ordinal);
        Assert.Contains("with 10 elements", _log[1], StringComparison.Ordinal);
        Assert.Contains("does not match its hash", _log[2], StringComparison.Ordinal);
    }

    [Fact]
    public void LoadNewest_UnderAnotherFingerprint_IsUsedAndTold()
    {
        Folder(attempt: 1).Save(Checkpoint(4));

        Assert.Equal(4, new CheckpointFolder(_folder.Path, 2, "plan", "there").LoadNewest(Parameters, _log.Add)?.State.Step);
        Assert.Contains("'here'", Assert.Single(_log), StringComparison.Ordinal);
    }

    [Fact]
    public void Digest_ChangesWithEveryPartButTime()
    {
        var checkpoint = Checkpoint(5);
        var digest = Digest(checkpoint);

        Assert.Equal(digest, Digest(checkpoint with { State = checkpoint.State with { Seconds = 99 } }));
        Checkpoint[] others =
        [
            checkpoint with { State = checkpoint.State with { EvaluationsWithoutImprovement = 1 } }, checkpoint with { Weights = Arrays(9) },
            checkpoint with { Momenta = Arrays(9) }, checkpoint with { BestWeights = Arrays(9) }, checkpoint with { BestWeights = null },
        ];
        Assert.Equal(others.Length + 1, others.Select(Digest).Append(digest).Distinct().Count());
    }

    private static string Digest(Checkpoint checkpoint) => StateDigest.Of(checkpoint.State, Parameters,
        index => checkpoint.Weights[Parameters[index].Name], index => checkpoint.Momenta[Parameters[index].Name], checkpoint.BestWeights);

    private CheckpointFolder Folder(int attempt) => new(_folder.Path, attempt, "plan", "here");

    private Checkpoint? Load(int attempt) => Folder(attempt).LoadNewest(Parameters, _log.Add);

    private string[] Files() => [.. Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_folder.Path, file)).Order(StringComparer.Ordinal)];

    private static Checkpoint Checkpoint(long step) => new(
        new TrainingState { Step = step, BestStep = 2, BestAccuracy = 0.1 + 0.2, EvaluationsWithoutImprovement = 2, Seconds = 1.5 }, Arrays(1), Arrays(2), Arrays(3));

    private static Dictionary<string, float[]> Arrays(float first) => Parameters.ToDictionary(
        parameter => parameter.Name, parameter => Enumerable.Range(0, parameter.ElementCount).Select(index => first + index / 3f).ToArray());
}
