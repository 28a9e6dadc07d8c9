using System.Text.Json;
using BiT.Core.Store;
using Microsoft.Data.Sqlite;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.Durability;

/// <summary>A workspace with a few noisy squares, and jobs on them of a second: augmented, mixed, evaluated every second step, with momentum
/// and patience, so that whatever a resumed run could lose would show.</summary>
internal sealed class TinyTraining : IDisposable
{
    public const int Steps = 6;

    private static readonly (string Label, SKColor Colour)[] Classes = [("blue", new(40, 40, 200)), ("green", new(40, 200, 40)), ("red", new(200, 40, 40))];

    private readonly TemporaryFolder _folder = new();
    private readonly string _dataset;

    public TinyTraining()
    {
        Workspace = Workspace.Open(_folder.Path, TimeProvider.System);
        _dataset = SaveDataset();
    }

    public string Path => _folder.Path;

    public Workspace Workspace { get; }

    public string Submit(string method = "full") => Workspace.Jobs.Submit(
        new FineTuneSpec
        {
            DatasetId = _dataset, ModelId = "squares", Network = "bit-tiny", Method = method, Recipe = method == "full" ? "scratch" : "lite",
            Overrides = new FineTuneOverrides
            {
                Steps = Steps, BatchSize = 4, MicroBatchSize = 2, Crop = 32, Resize = 36, LearningRate = 0.01, MixupAlpha = 0.3, WarmupSteps = 1,
                EvaluationInterval = 2, EarlyStoppingPatience = 50, Seed = 7,
            },
        },
        null).Id;

    public JobRecord Job(string id) => Workspace.Jobs.Find(id) ?? throw new InvalidOperationException($"Job {id} is gone.");

    public string JobFolder(string id) => System.IO.Path.Combine(Path, "jobs", id);

    /// <summary>What a job published, by hash; every file is checked against its own.</summary>
    public Published Result(string jobId)
    {
        var job = Job(jobId);
        Assert.True(job.State == JobState.Succeeded, $"{job.State} {job.Error}");
        var manifest = (job.Result is { } id ? Workspace.Models.FindVersion(id) : null)?.Manifest ?? throw new InvalidOperationException("There is no version.");
        var published = new Published(manifest.InferenceGraph, manifest.Weights, manifest.Head, manifest.Report,
            JsonSerializer.Deserialize<string>(manifest.Lineage["finalState"]));
        foreach (var blob in published.Blobs)
            Workspace.Blobs.Verify(blob);
        return published;
    }

    /// <summary>Runs statements past the store.</summary>
    public void Execute(string sql)
    {
        using var database = OpenDatabase();
        using var command = database.CreateCommand();
#pragma warning disable CA2100 // Texts of these tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Keeps everybody else from writing to the database until disposed.</summary>
    public IDisposable LockDatabase()
    {
        var database = OpenDatabase();
        using var begin = database.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        begin.ExecuteNonQuery();
        // Closing takes the transaction back.
        return database;
    }

    public void Dispose()
    {
        Workspace.Dispose();
        _folder.Dispose();
    }

    private SqliteConnection OpenDatabase()
    {
        var database = new SqliteConnection($"Data Source={System.IO.Path.Combine(Path, "bit.db")};Pooling=False");
        database.Open();
        return database;
    }

    private string SaveDataset()
    {
        const int trainPerClass = 4;
        const int validationPerClass = 2;
        const int side = 40;
        var random = new Random(1);
        var photos = new List<Photo>();
        foreach (var (label, colour) in Classes)
        {
            for (var index = 0; index < trainPerClass + validationPerClass; index++)
            {
                using var bitmap = new SKBitmap(side, side, SKColorType.Rgba8888, SKAlphaType.Opaque);
                for (var pixel = 0; pixel < side * side; pixel++)
                    bitmap.SetPixel(pixel % side, pixel / side, new SKColor(Noisy(colour.Red), Noisy(colour.Green), Noisy(colour.Blue)));
                using var encoded = bitmap.Encode(SKEncodedImageFormat.Png, 100);
                using var content = encoded.AsStream();
                photos.Add(new Photo($"{label}-{index}.png", label, index < trainPerClass ? Split.Train : Split.Validation, Workspace.Blobs.Put(content),
                    side, side, encoded.Size));
            }
        }
        return Workspace.Datasets.Save("squares", photos).Id;

        byte Noisy(byte value) => (byte)Math.Clamp(value + random.Next(-30, 31), 0, 255);
    }
}

/// <summary>What came out of a job: its files, and the state that training ended with (weights, momenta, best weights, early stopping).</summary>
internal sealed record Published(string InferenceGraph, string? Weights, string? Head, string? Report, string? FinalState)
{
    public IEnumerable<string> Blobs => new[] { InferenceGraph, Weights, Head, Report }.OfType<string>();
}
