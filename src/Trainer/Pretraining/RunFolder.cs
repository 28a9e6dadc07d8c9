using System.Text.Json;
using BiT.Core.Store;

namespace BiT.Training.Pretraining;

/// <summary>The folder of a run: plan.json, curve.jsonl, attempt-1/step-*.safetensors and graphs/. One process at a time.</summary>
internal sealed class RunFolder : IDisposable
{
    private const string PlanFile = "plan.json";

    private readonly FileStream _lock;

    private RunFolder(string path, FileStream heldLock)
    {
        Path = path;
        _lock = heldLock;
    }

    public string Path { get; }

    public string CurvePath => System.IO.Path.Combine(Path, "curve.jsonl");

    public string GraphsPath => System.IO.Path.Combine(Path, "graphs");

    /// <summary>Whether there is anything to continue from.</summary>
    public bool HasCheckpoints => Directory.Exists(Path) && Directory.EnumerateFiles(Path, "step-*.safetensors", SearchOption.AllDirectories).Any();

    /// <summary>Opens or makes a run's folder for training.</summary>
    /// <exception cref="RunFolderException">Another process trains there, the plan differs, or the folder holds something else.</exception>
    public static RunFolder Open(string path, PretrainingPlan plan)
    {
        var full = System.IO.Path.GetFullPath(path);
        if (File.Exists(full))
            throw new RunFolderException($"{path} is a file. Name a folder.");
        Directory.CreateDirectory(full);
        var folder = new RunFolder(full, Lock(full));
        try
        {
            folder.CheckPlan(plan);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The plan of a run, without locking its folder: a run in progress can be looked at.</summary>
    /// <exception cref="RunFolderException">There is no run.</exception>
    public static PretrainingPlan ReadPlan(string path)
    {
        var file = System.IO.Path.Combine(path, PlanFile);
        if (!File.Exists(file))
            throw new RunFolderException($"{path} holds no pre-training run: there is no {PlanFile}. Name the folder that pretrain --out was given.");
        try
        {
            return PretrainingPlan.FromJson(File.ReadAllBytes(file));
        }
        catch (JsonException problem)
        {
            throw new RunFolderException($"{file} is not readable: {problem.Message} Start a new run in another folder.");
        }
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException problem) when (problem is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            throw new RunFolderException($"{path} is in use by another run ({problem.Message}) Wait for its end, stop it, or name another folder.");
        }
    }

    private void CheckPlan(PretrainingPlan plan)
    {
        var file = System.IO.Path.Combine(Path, PlanFile);
        if (!File.Exists(file))
        {
            if (HasCheckpoints)
                throw new RunFolderException($"{Path} holds checkpoints, but no {PlanFile}. Name another folder.");
            DurableFile.WriteAllBytes(file, plan.ToJson());
            return;
        }
        var differences = ReadPlan(Path).Differences(plan);
        if (differences.Count > 0)
        {
            throw new RunFolderException($"{Path} holds a run of another plan. What differs: {string.Join("; ", differences)}. "
                + "Give the same options and photos to continue it, or name another folder.");
        }
    }
}

/// <summary>A run's folder cannot be used as asked. The message says why, and the cure.</summary>
internal sealed class RunFolderException(string message) : Exception(message);
