namespace BiT.Core.Store;

/// <summary>What a <see cref="Finding"/> means.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing; the store is consistent.</summary>
    Note = 1,

    /// <summary>Something is lost, damaged or contradictory.</summary>
    Error = 2,
}

/// <summary>Something that an inspection found.</summary>
/// <param name="Code">Stable code in UPPER_SNAKE_CASE.</param>
/// <param name="Severity">What it means.</param>
/// <param name="Subject">What it is about: a resource name, a blob, a path within the workspace.</param>
/// <param name="Message">What is wrong, what depends on it, and the cure.</param>
/// <param name="IsRepairable">Whether repairing can do something about it.</param>
/// <param name="IsRepaired">Whether it was repaired.</param>
public sealed record Finding(
    string Code, FindingSeverity Severity, string Subject, string Message, bool IsRepairable = false, bool IsRepaired = false);

/// <summary>What an inspection looked at, and what it found.</summary>
public sealed record InspectionReport
{
    /// <summary>The workspace folder.</summary>
    public required string Workspace { get; init; }

    /// <summary>Version of the tables; 0 if it could not be read.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>What was looked at.</summary>
    public required InspectionCounts Counts { get; init; }

    /// <summary>Errors first.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Whether no error is left.</summary>
    public bool IsConsistent => Findings.All(finding => finding.Severity != FindingSeverity.Error || finding.IsRepaired);
}

/// <summary>How much an inspection looked at.</summary>
public sealed record InspectionCounts
{
    public int Datasets { get; set; }
    public int Versions { get; set; }
    public int Aliases { get; set; }
    public int Jobs { get; set; }
    public int Checkpoints { get; set; }
    public int Blobs { get; set; }
    public long BlobBytes { get; set; }
}

/// <summary>How to inspect.</summary>
public sealed record InspectionOptions
{
    /// <summary>Looks at names and sizes only, and reads no file through.</summary>
    public bool IsQuick { get; init; }

    /// <summary>Repairs what can be repaired.</summary>
    public bool Repairs { get; init; }

    /// <summary>A backup folder, or another workspace, to take missing and damaged blobs from; null for none.</summary>
    public string? Source { get; init; }

    /// <summary>Receives a line from time to time.</summary>
    public Action<string> Progress { get; init; } = _ => { };
}
