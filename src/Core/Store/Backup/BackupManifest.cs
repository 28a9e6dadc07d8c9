using System.Text.Json;

namespace BiT.Core.Store;

/// <summary>backup.json: written last, so a backup with it is whole.</summary>
public sealed record BackupManifest
{
    internal const string FileName = "backup.json";

    /// <summary>Of a folder, while a later backup takes the place of the earlier one.</summary>
    internal const string NextFileName = "backup.next.json";
    internal const string CurrentFormat = "bit-backup-1";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary><c>bit-backup-1</c>.</summary>
    public required string Format { get; init; }

    /// <summary>When the database was read.</summary>
    public required DateTimeOffset CreateTime { get; init; }

    /// <summary>Version of the tables.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>sha256 of bit.db, hexadecimal.</summary>
    public required string DatabaseSha256 { get; init; }

    /// <summary>Blobs in the backup.</summary>
    public required int BlobCount { get; init; }

    /// <summary>Their size.</summary>
    public required long BlobBytes { get; init; }

    /// <summary>Checkpoints of jobs that were not done, as paths within the workspace.</summary>
    public required IReadOnlyList<string> Checkpoints { get; init; }

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <exception cref="BackupException">It is not one that this program can restore.</exception>
    internal static BackupManifest Read(string path)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<BackupManifest>(File.ReadAllBytes(path), Options) ?? throw new JsonException("it is null");
            return manifest.Format == CurrentFormat
                ? manifest
                : throw new BackupException($"The backup has the format '{manifest.Format}'; this program knows {CurrentFormat}. Use the newer version of BiT that made it.");
        }
        catch (FileNotFoundException)
        {
            throw new BackupException($"The backup has no {FileName}, so it was not finished, or is none. Use another one.");
        }
        catch (JsonException problem)
        {
            throw new BackupException($"The backup's {FileName} cannot be read: {problem.Message} Use another backup.");
        }
    }
}

/// <summary>A backup cannot be made or restored. The message says what is in the way.</summary>
public sealed class BackupException(string message) : Exception(message);
