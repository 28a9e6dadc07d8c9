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

    /// <summary>Returns one version.</summary>
    /// <param name="version"><c>flowers</c> (the version behind the alias <c>live</c>), <c>flowers@alias</c> or <c>flowers/3</c>.</param>
    /// <exception cref="BitException">NotFound: there is no such model, alias or version.</exception>
    public async Task<ModelVersion> GetModelVersionAsync(string version, CancellationToken cancellationToken = default)
    {
        var request = new Wire.GetModelVersionRequest { Name = ResourceName.Model(version) };
        return FromWire(await CallAsync(options => _models.GetModelVersionAsync(request, options), _options.Deadline, cancellationToken)
            .ConfigureAwait(false));
    }

    /// <summary>Points an alias at the version that it named before its last move, which is loaded and warmed first. Twice in a row ends
    /// where it began.</summary>
    /// <param name="model">The model.</param>
    /// <param name="alias">The alias.</param>
    /// <param name="expectedVersion">If not null, the alias moves only while it points at this version.</param>
    /// <exception cref="BitException">
    /// NotFound: no such model or alias. Aborted: <paramref name="expectedVersion"/> no longer holds. FailedPrecondition: it has not moved
    /// yet, or that version is deleted or cannot be loaded.
    /// </exception>
    public async Task<Model> RollbackAliasAsync(
        string model, string alias = Model.LiveAlias, string? expectedVersion = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.RollbackAliasRequest { Model = ResourceName.Model(model), Alias = alias };
        if (expectedVersion is not null)
            request.ExpectedVersion = ResourceName.ModelVersion(model, expectedVersion);
        return FromWire(await CallAsync(options => _models.RollbackAliasAsync(request, options), _options.ModelDeadline, cancellationToken)
            .ConfigureAwait(false));
    }

    /// <summary>Deletes an alias. Requests that name it then fail with NotFound.</summary>
    /// <param name="model">The model.</param>
    /// <param name="alias">The alias.</param>
    /// <param name="expectedVersion">If not null, it is deleted only while it points at this version.</param>
    /// <exception cref="BitException">NotFound: no such model or alias. Aborted: <paramref name="expectedVersion"/> no longer
    /// holds.</exception>
    public async Task<Model> DeleteAliasAsync(
        string model, string alias, string? expectedVersion = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.DeleteAliasRequest { Model = ResourceName.Model(model), Alias = alias };
        if (expectedVersion is not null)
            request.ExpectedVersion = ResourceName.ModelVersion(model, expectedVersion);
        return FromWire(await CallAsync(options => _models.DeleteAliasAsync(request, options), _options.Deadline, cancellationToken)
            .ConfigureAwait(false));
    }

    /// <summary>Deletes a version. Its number is never used again.</summary>
    /// <param name="version"><c>flowers/3</c> or <c>models/flowers/versions/3</c>.</param>
    /// <exception cref="BitException">NotFound: no such version. FailedPrecondition: an alias names it, or a job that is not done starts
    /// from it.</exception>
    public async Task DeleteVersionAsync(string version, CancellationToken cancellationToken = default)
    {
        var request = new Wire.DeleteModelVersionRequest { Name = ResourceName.Model(version) };
        await CallAsync(options => _models.DeleteModelVersionAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a model with all its versions.</summary>
    /// <exception cref="BitException">NotFound: no such model. FailedPrecondition: it has an alias, or a job that is not done needs
    /// it.</exception>
    public async Task DeleteModelAsync(string model, CancellationToken cancellationToken = default)
    {
        var request = new Wire.DeleteModelRequest { Name = ResourceName.Model(model) };
        await CallAsync(options => _models.DeleteModelAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false);
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
