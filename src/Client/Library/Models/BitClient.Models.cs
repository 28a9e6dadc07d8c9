using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    /// <summary>Returns one model with its aliases.</summary>
    /// <exception cref="BitException">NotFound: there is no such model.</exception>
    public async Task<Model> GetModelAsync(string model, CancellationToken cancellationToken = default)
    {
        var request = new Wire.GetModelRequest { Name = ResourceName.Model(model) };
        return FromWire(await CallAsync(options => _models.GetModelAsync(request, options), _options.Deadline, cancellationToken)
            .ConfigureAwait(false));
    }

    /// <summary>Lists models by name; pages are fetched as they are needed.</summary>
    public IAsyncEnumerable<Model> ListModelsAsync(CancellationToken cancellationToken = default)
        => Pages.WalkAsync(async (token, cancel) =>
        {
            var request = new Wire.ListModelsRequest { PageToken = token };
            var page = await CallAsync(options => _models.ListModelsAsync(request, options), _options.Deadline, cancel)
                .ConfigureAwait(false);
            return (page.Models.Select(FromWire), page.NextPageToken);
        }, cancellationToken);

    /// <summary>Lists the versions of a model, newest first; pages are fetched as they are needed.</summary>
    /// <exception cref="BitException">NotFound: there is no such model.</exception>
    public IAsyncEnumerable<ModelVersion> ListModelVersionsAsync(string model, CancellationToken cancellationToken = default)
    {
        var parent = ResourceName.Model(model);
        return Pages.WalkAsync(async (token, cancel) =>
        {
            var request = new Wire.ListModelVersionsRequest { Parent = parent, PageToken = token };
            var page = await CallAsync(options => _models.ListModelVersionsAsync(request, options), _options.Deadline, cancel)
                .ConfigureAwait(false);
            return (page.Versions.Select(FromWire), page.NextPageToken);
        }, cancellationToken);
    }

    /// <summary>Points an alias at a version, which is loaded and warmed before the alias moves.</summary>
    /// <param name="model">The model.</param>
    /// <param name="version">A version number or name of the same model.</param>
    /// <param name="alias">1 to 63 characters: a-z, 0-9 and -, beginning with a letter.</param>
    /// <param name="expectedVersion">If not null, the alias moves only while it points at this version; empty:
    /// while it does not exist.</param>
    /// <exception cref="BitException">
    /// NotFound: no such model or version. Aborted: <paramref name="expectedVersion"/> no longer holds. FailedPrecondition: the
    /// version cannot be loaded.
    /// </exception>
    public async Task<Model> SetAliasAsync(
        string model, string version, string alias = Model.LiveAlias, string? expectedVersion = null,
        CancellationToken cancellationToken = default)
    {
        var request = new Wire.SetAliasRequest
        {
            Model = ResourceName.Model(model),
            Alias = alias,
            Version = ResourceName.ModelVersion(model, version),
        };
        if (expectedVersion is not null)
            request.ExpectedVersion = expectedVersion.Length == 0 ? "" : ResourceName.ModelVersion(model, expectedVersion);
        return FromWire(await CallAsync(options => _models.SetAliasAsync(request, options), _options.ModelDeadline, cancellationToken)
            .ConfigureAwait(false));
    }

    private static Model FromWire(Wire.Model model) => new()
    {
        Name = model.Name,
        CreateTime = model.CreateTime?.ToDateTimeOffset(),
        Aliases = model.Aliases.ToDictionary(alias => alias.Alias, alias => alias.Version, StringComparer.Ordinal),
        LatestVersion = model.LatestVersion is null ? null : FromWire(model.LatestVersion),
    };

    private static ModelVersion FromWire(Wire.ModelVersion version) => new()
    {
        Name = version.Name,
        CreateTime = version.CreateTime?.ToDateTimeOffset(),
        Method = version.Method,
        Network = version.Network,
        Labels = [.. version.Labels],
        InputSize = version.InputSize,
        ValidationAccuracy = version.HasValidationAccuracy ? version.ValidationAccuracy : null,
        Job = version.Job,
        Dataset = version.Dataset,
        ManifestJson = version.ManifestJson,
    };
}
