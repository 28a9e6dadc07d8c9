using System.Text.Json;
using BiT.Core.Store;

namespace BiT.Core.Reports;

/// <summary>When the points of a version's curve were reached. Times differ between equal runs, so they lie in the manifest's lineage, beside
/// the report.</summary>
public static class CurveSeconds
{
    /// <summary>Key in <see cref="ModelManifest.Lineage"/>: a JSON array with one number per point of <see cref="VersionReport.Curve"/>,
    /// seconds of training until there over all attempts.</summary>
    public const string LineageKey = "seconds";

    /// <summary>Seconds by point of the curve.</summary>
    /// <exception cref="InvalidDataException">There are not as many as points.</exception>
    public static IReadOnlyList<double> Of(ModelManifest manifest, VersionReport report)
    {
        if (report.Curve.Count == 0)
            return [];
        var seconds = manifest.Lineage.TryGetValue(LineageKey, out var json) ? JsonSerializer.Deserialize<double[]>(json) ?? [] : [];
        return seconds.Length == report.Curve.Count ? seconds : throw new InvalidDataException(
            $"The manifest has {seconds.Length} times for the {report.Curve.Count} points of its curve. Was it changed by hand?");
    }
}
