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

/// <summary>A version exists, but it cannot be served: a file is missing or damaged, or its parts do not fit each other.</summary>
internal sealed class ModelNotLoadableException(ModelVersionId version, string message, Exception? inner = null)
    : Exception($"{version} cannot be loaded: {message}", inner)
{
    public ModelVersionId Version { get; } = version;
}
