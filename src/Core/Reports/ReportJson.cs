using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using BiT.Core.Store;

namespace BiT.Core.Reports;

/// <summary>Reports as UTF-8 JSON: camelCase, nulls left out, numbers in the shortest form that reads back as the same double.</summary>
public static class ReportJson
{
    private static readonly ReportJsonContext Context = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>Writes a report.</summary>
    public static byte[] Write(VersionReport report) => JsonSerializer.SerializeToUtf8Bytes(report, Context.VersionReport);

    /// <summary>Reads a report.</summary>
    /// <exception cref="InvalidDataException">The bytes are no report.</exception>
    public static VersionReport Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, Context.VersionReport) ?? throw new JsonException("the text is null");
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException(
                $"The report of a version cannot be read: {failure.Message} Was it written by a newer version?", failure);
        }
    }

    /// <summary>Stores a report as a blob.</summary>
    /// <returns>The blob's hash.</returns>
    public static string Store(BlobStore blobs, VersionReport report) => blobs.Put(new MemoryStream(Write(report), writable: false));

    /// <summary>Loads the report of a version; null if it has none.</summary>
    /// <exception cref="BlobNotFoundException">The blob is gone.</exception>
    /// <exception cref="BlobCorruptException">The blob is damaged.</exception>
    public static VersionReport? Load(BlobStore blobs, ModelManifest manifest) =>
        manifest.Report is { } hash ? Read(blobs.ReadAllBytes(hash)) : null;
}

[JsonSerializable(typeof(VersionReport))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;
