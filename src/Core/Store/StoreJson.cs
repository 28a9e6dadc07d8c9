using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BiT.Core.Store;

/// <summary>The JSON texts in the store's rows: camelCase, nulls left out, unknown members ignored on reading.</summary>
/// <remarks>A loss may be NaN or infinite when training diverges; such numbers are written as strings.</remarks>
public static class StoreJson
{
    // Relaxed escaping keeps labels such as "Gänseblümchen" readable; the texts never go into HTML unescaped.
    private static readonly StoreJsonContext Context = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>The manifest as it is stored, on one line.</summary>
    public static string Write(ModelManifest manifest) => JsonSerializer.Serialize(manifest, Context.ModelManifest);

    /// <summary>The specification as it is stored, on one line.</summary>
    public static string Write(FineTuneSpec spec) => JsonSerializer.Serialize(spec, Context.FineTuneSpec);

    /// <summary>The progress as it is stored, on one line.</summary>
    public static string Write(JobProgress progress) => JsonSerializer.Serialize(progress, Context.JobProgress);

    /// <summary>The comparison as it is stored, on one line.</summary>
    public static string Write(JobComparison comparison) => JsonSerializer.Serialize(comparison, Context.JobComparison);

    /// <summary>The outcome as it is stored, on one line.</summary>
    public static string Write(JobPromotion promotion) => JsonSerializer.Serialize(promotion, Context.JobPromotion);
    /// <summary>The composed files as they are stored, on one line.</summary>
    public static string Write(ComposedFiles files) => JsonSerializer.Serialize(files, Context.ComposedFiles);

    /// <exception cref="InvalidDataException">The text is not a manifest.</exception>
    public static ModelManifest ReadManifest(string json) => Read(json, Context.ModelManifest);

    /// <exception cref="InvalidDataException">The text is not a specification.</exception>
    public static FineTuneSpec ReadSpec(string json) => Read(json, Context.FineTuneSpec);

    /// <exception cref="InvalidDataException">The text is not a progress.</exception>
    public static JobProgress ReadProgress(string json) => Read(json, Context.JobProgress);

    /// <exception cref="InvalidDataException">The text is not a comparison.</exception>
    public static JobComparison ReadComparison(string json) => Read(json, Context.JobComparison);

    /// <exception cref="InvalidDataException">The text is not an outcome.</exception>
    public static JobPromotion ReadPromotion(string json) => Read(json, Context.JobPromotion);
    /// <exception cref="InvalidDataException">The text does not list composed files.</exception>
    public static ComposedFiles ReadCompositions(string json) => Read(json, Context.ComposedFiles);

    /// <summary>The request or result of a task as it is stored, on one line. Its type is registered in <see cref="StoreJsonContext"/>.</summary>
    public static string WriteTask<T>(T value)
        where T : class => JsonSerializer.Serialize(value, TypeOf<T>());

    /// <exception cref="InvalidDataException">The text is not of that type.</exception>
    public static T ReadTask<T>(string json)
        where T : class => Read(json, TypeOf<T>());

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>?)Context.GetTypeInfo(typeof(T))
        ?? throw new InvalidOperationException($"{typeof(T).Name} is not registered in {nameof(StoreJsonContext)}.");

    private static T Read<T>(string json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("the text is null");
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException(
                $"The store holds a {typeof(T).Name} that cannot be read: {failure.Message} "
                + "Was it written by a newer version or changed by hand?", failure);
        }
    }
}

[JsonSerializable(typeof(ModelManifest))]
[JsonSerializable(typeof(FineTuneSpec))]
[JsonSerializable(typeof(JobProgress))]
[JsonSerializable(typeof(JobComparison))]
[JsonSerializable(typeof(EstimateRequest))]
[JsonSerializable(typeof(EstimateResult))]
[JsonSerializable(typeof(PreviewRequest))]
[JsonSerializable(typeof(PreviewResult))]
[JsonSerializable(typeof(JobPromotion))]
[JsonSerializable(typeof(EvaluateRequest))]
[JsonSerializable(typeof(ComposedFiles))]
[JsonSerializable(typeof(ImportTask))]
[JsonSerializable(typeof(ComposeTask))]
internal sealed partial class StoreJsonContext : JsonSerializerContext;
