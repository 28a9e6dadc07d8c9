using System.Text;
using BiT.Core.Store;
using Microsoft.Data.Sqlite;

namespace BiT.Tests.Unit.Store;

/// <summary>A workspace in a temporary folder, on a manual clock, with ready-made content.</summary>
internal sealed class TestWorkspace : IDisposable
{
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly List<Workspace> _opened = [];

    /// <summary>The data set of <see cref="Spec"/>, without photos.</summary>
    public static readonly string DatasetId = new('d', 64);

    public TestWorkspace(WorkspaceOptions? options = null, bool hasDataset = true)
    {
        Options = options;
        Workspace = OpenAgain();
        if (hasDataset)
            AddDataset(Path);
    }

    public ManualTimeProvider Time { get; } = new();

    public Workspace Workspace { get; }

    public string Path => System.IO.Path.Combine(_folder.Path, "workspace");

    public JobStore Jobs => Workspace.Jobs;

    private WorkspaceOptions? Options { get; }

    /// <summary>Opens the same folder once more, as another process would.</summary>
    public Workspace OpenAgain()
    {
        var workspace = Workspace.Open(Path, Time, Options);
        lock (_opened)
            _opened.Add(workspace);
        return workspace;
    }

    /// <summary>The database itself, past the store.</summary>
    public SqliteConnection OpenDatabase() => OpenDatabase(Path);

    public static SqliteConnection OpenDatabase(string folder)
    {
        var connection = new SqliteConnection($"Data Source={System.IO.Path.Combine(folder, "bit.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    public static void AddDataset(string folder)
    {
        using var connection = OpenDatabase(folder);
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO datasets (id, display_name, create_time) VALUES ($id, 'ready-made', 0)";
        command.Parameters.AddWithValue("$id", DatasetId);
        command.ExecuteNonQuery();
    }

    public string PutText(string text) => Workspace.Blobs.Put(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    public Photo Photo(string content, string label, Split split = Split.Unspecified)
        => new(content + ".jpg", label, split, PutText(content), 640, 480, Encoding.UTF8.GetByteCount(content));

    public static FineTuneSpec Spec(string modelId = "flowers") => new() { DatasetId = DatasetId, ModelId = modelId };

    public JobRecord Submit(string modelId = "flowers") => Jobs.Submit(Spec(modelId), null);

    public JobLease Lease(string workerId = "worker-1")
        => Jobs.TryLease(workerId, LeaseDuration) ?? throw new InvalidOperationException("No job waits.");

    public ModelManifest Manifest(string content = "weights") => new()
    {
        Method = "full",
        Network = "bit-tiny",
        Labels = ["daisy", "rose"],
        InputSize = 64,
        InferenceGraph = PutText(content + " graph"),
        Weights = PutText(content),
    };

    public JobProgress Progress(long step, double? loss = null)
        => new() { Phase = "training", Step = step, TotalSteps = 100, Loss = loss, Time = Time.GetUtcNow() };

    public JobRecord Job(string id) => Jobs.Find(id) ?? throw new InvalidOperationException($"Job {id} is gone.");

    /// <summary>The states that a job went through, as its events tell.</summary>
    public JobState[] States(string id) => Jobs.ReadEvents(id, 0, 100_000)
        .Where(item => item.Kind == JobEventKind.State).Select(item => item.ReadState()).ToArray();

    public void Dispose()
    {
        foreach (var workspace in _opened)
            workspace.Dispose();
        _folder.Dispose();
    }
}
