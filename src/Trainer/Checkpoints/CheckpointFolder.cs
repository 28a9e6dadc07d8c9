using System.Globalization;
using BiT.Core.Store;
using BiT.Training.Networks;

namespace BiT.Training.Checkpoints;

/// <summary>A resumable point of a run: state, weights, momenta and the best weights.</summary>
internal sealed record Checkpoint(
    TrainingState State, IReadOnlyDictionary<string, float[]> Weights, IReadOnlyDictionary<string, float[]> Momenta, IReadOnlyDictionary<string, float[]>? BestWeights);

/// <summary>The checkpoints of one job: jobs/{job}/attempt-{attempt}/step-{step}.safetensors. Each attempt writes in a folder of its own, so that
/// a worker that lost its lease cannot touch the files of its successor.</summary>
/// <param name="jobFolder">Holds the attempts' folders.</param>
/// <param name="attempt">This attempt, from 1.</param>
/// <param name="planHash">Checkpoints of another plan are not used.</param>
/// <param name="fingerprint">What decides the last bits of what is to come; null only reads.</param>
internal sealed class CheckpointFolder(string jobFolder, int attempt, string planHash, string? fingerprint)
{
    private const string Extension = ".safetensors";
    private const string Format = "bit-checkpoint-1";
    private const int Kept = 2;

    /// <summary>Writes a checkpoint and removes what it makes useless: all but the newest two of this attempt, and earlier attempts once there
    /// are two.</summary>
    /// <returns>Its path, relative to the job's folder.</returns>
    public string Save(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(fingerprint);
        var folder = AttemptFolder(attempt);
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            DurableFile.FlushFolder(jobFolder);
        }
        var texts = new Dictionary<string, string> { ["format"] = Format, ["plan"] = planHash, ["fingerprint"] = fingerprint, ["state"] = checkpoint.State.ToJson() };
        var arrays = Prefixed("weights/", checkpoint.Weights).Concat(Prefixed("momenta/", checkpoint.Momenta));
        if (checkpoint.BestWeights is { } best)
            arrays = arrays.Concat(Prefixed("best/", best));
        var path = Path.Combine(folder, $"step-{checkpoint.State.Step:000000000}{Extension}");
        TensorFile.Write(path, texts, [.. arrays]);
        var files = Files(folder);
        foreach (var old in files.Skip(Kept).Concat(Directory.EnumerateFiles(folder, "*.tmp")))
            File.Delete(old);
        // A disk may lose the newest one: until this attempt has another, those before it have.
        if (files.Length >= Kept)
            DeleteEarlierAttempts();
        return Path.GetRelativePath(jobFolder, path);
    }

    /// <summary>Removes a checkpoint that turned out not to count.</summary>
    /// <param name="path">As <see cref="Save"/> returned it.</param>
    public void Delete(string path) => File.Delete(Path.Combine(jobFolder, path));

    /// <summary>The newest checkpoint of any attempt up to this one that is whole and belongs to the plan.</summary>
    /// <param name="parameters">The trained parameters.</param>
    /// <param name="log">Receives a line per checkpoint that cannot be used.</param>
    public Checkpoint? LoadNewest(IReadOnlyList<Parameter> parameters, Action<string> log)
    {
        for (var earlier = attempt; earlier >= 1; earlier--)
        {
            foreach (var file in Files(AttemptFolder(earlier)))
            {
                try
                {
                    return Load(file, parameters, log);
                }
                catch (Exception problem) when (problem is InvalidDataException or IOException or System.Text.Json.JsonException)
                {
                    log($"Checkpoint skipped: {problem.Message}");
                }
            }
        }
        return null;
    }

    // A worker that lost its lease may still write there; what is left goes with the next checkpoint.
    private void DeleteEarlierAttempts()
    {
        for (var earlier = attempt - 1; earlier >= 1; earlier--)
        {
            try
            {
                if (Directory.Exists(AttemptFolder(earlier)))
                    Directory.Delete(AttemptFolder(earlier), recursive: true);
            }
            catch (IOException)
            {
                // Somebody writes there just now: the next checkpoint deletes it.
            }
        }
    }

    private Checkpoint Load(string file, IReadOnlyList<Parameter> parameters, Action<string> log)
    {
        var content = TensorFile.Read(file);
        if (content.Texts.GetValueOrDefault("format") is var format && format != Format)
            throw new InvalidDataException($"{file} has format '{format}'; this program knows {Format}.");
        if (content.Texts.GetValueOrDefault("plan") != planHash)
            throw new InvalidDataException($"{file} belongs to another plan.");
        if (fingerprint is not null && content.Texts.GetValueOrDefault("fingerprint") is var written && written != fingerprint)
            log($"The checkpoint was written under '{written}', this is '{fingerprint}': the result may differ in its last bits from an uninterrupted run.");
        var best = content.Arrays.Keys.Any(name => name.StartsWith("best/", StringComparison.Ordinal)) ? Take("best/") : null;
        return new Checkpoint(TrainingState.FromJson(content.Texts.GetValueOrDefault("state", "null")), Take("weights/"), Take("momenta/"), best);

        Dictionary<string, float[]> Take(string prefix) => parameters.ToDictionary(parameter => parameter.Name, parameter =>
            content.Arrays.TryGetValue(prefix + parameter.Name, out var array) && array.Length == parameter.ElementCount
                ? array
                : throw new InvalidDataException($"{file} lacks {prefix}{parameter.Name} with {parameter.ElementCount} elements."));
    }

    private string AttemptFolder(int number) => Path.Combine(jobFolder, $"attempt-{number.ToString(CultureInfo.InvariantCulture)}");

    // Newest first: the step is written with leading zeros.
    private static string[] Files(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, $"step-*{Extension}").OrderDescending(StringComparer.Ordinal).ToArray()
        : [];

    private static IEnumerable<KeyValuePair<string, float[]>> Prefixed(string prefix, IReadOnlyDictionary<string, float[]> arrays) =>
        arrays.Select(entry => KeyValuePair.Create(prefix + entry.Key, entry.Value));
}
