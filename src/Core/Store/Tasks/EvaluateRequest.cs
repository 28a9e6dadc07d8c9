namespace BiT.Core.Store;

/// <summary>What <see cref="TaskKind.Evaluate"/> is asked for. The result is a <see cref="Reports.VersionReport"/>
/// without curve, as <see cref="Reports.ReportJson"/> writes it.</summary>
public sealed record EvaluateRequest
{
    /// <summary>The version to evaluate; it has a head.</summary>
    public required ModelVersionId Version { get; init; }

    /// <summary>The photos. Its classes must all be classes of the version.</summary>
    public required string DatasetId { get; init; }

    /// <summary>Which photos; Unspecified means all.</summary>
    public Split Split { get; init; }
}
