namespace BiT.Serving.Hosting;

/// <summary>What a request calls a model version: by number, or by an alias.</summary>
/// <param name="ModelId">Id of the model.</param>
/// <param name="Alias">The alias; null if <paramref name="Version"/> is given.</param>
/// <param name="Version">The number; null if <paramref name="Alias"/> is given.</param>
internal sealed record ModelReference(string ModelId, string? Alias, int? Version)
{
    /// <summary>The alias that answers requests which name only the model.</summary>
    public const string LiveAlias = "live";

    public static ModelReference ToAlias(string modelId, string alias) => new(modelId, alias, null);

    public static ModelReference ToVersion(string modelId, int version) => new(modelId, null, version);

    public override string ToString() => Version is { } version ? $"models/{ModelId}/versions/{version}" : $"models/{ModelId}@{Alias}";
}
