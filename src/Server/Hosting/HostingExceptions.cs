using BiT.Core.Store;

namespace BiT.Serving.Hosting;

/// <summary>There is no model, version or alias of that name.</summary>
/// <param name="reason">Stable code, for example MODEL_NOT_FOUND.</param>
/// <param name="resource">The name that was asked for.</param>
internal sealed class ModelNotFoundException(string reason, string resource, string message) : Exception(message)
{
    public string Reason { get; } = reason;

    public string Resource { get; } = resource;
}

/// <summary>A version exists, but it cannot be served: a file is missing or damaged, its parts do not fit each other, or it has no
/// classes.</summary>
internal sealed class ModelNotLoadableException(
    ModelVersionId version, string message, Exception? inner = null, string reason = ModelNotLoadableException.NotLoadable)
    : Exception($"{version} cannot be loaded: {message}", inner)
{
    private const string NotLoadable = "MODEL_NOT_LOADABLE";

    public ModelVersionId Version { get; } = version;

    /// <summary>Stable code: MODEL_NOT_LOADABLE or MODEL_HAS_NO_HEAD.</summary>
    public string Reason { get; } = reason;

    /// <summary>The version is a backbone: something to train from, not to classify with.</summary>
    public static ModelNotLoadableException WithoutHead(ModelVersionId version) => new(version,
        "it is a backbone without a head, so it has no classes to tell apart. "
            + $"Fine-tune from it (bit finetune ... --base {version.ModelId}/versions/{version.Number}) and use the version that this makes.",
        reason: "MODEL_HAS_NO_HEAD");
}
