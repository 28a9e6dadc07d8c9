using BiT.Core.Runtime;
using BiT.Core.Store;
using Microsoft.ML.OnnxRuntime;

namespace BiT.Serving.Hosting;

/// <summary>Finds the version that a request names and keeps it ready. Aliases move without a request that fails or waits.</summary>
/// <remarks>What a name means is remembered until the store changes. When an alias moves, here or in another process, the new version is
/// loaded and warmed first; until then requests go to the old one, which leaves memory after its last request.</remarks>
internal sealed class ModelCatalog(Workspace workspace, GraphCache graphs, HeadCache heads, ILogger<ModelCatalog> logger) : IDisposable
{
    // Names remembered at one time; past it all are forgotten and looked up again.
    private const int MaxRememberedNames = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<ModelReference, ModelVersionRecord> _versions = [];
    private readonly SemaphoreSlim _changes = new(1);
    private int _generation;
    private long _deletedCount;

    /// <summary>Takes the version that a name means into use.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model, version or alias.</exception>
    /// <exception cref="ModelNotLoadableException">The version cannot be served.</exception>
    public Task<ServedModel> AcquireAsync(ModelReference reference, CancellationToken cancellationToken) =>
        LoadAsync(Remembered(reference), cancellationToken);

    /// <summary>The version that a name means now, without loading it.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model, version or alias.</exception>
    public ModelVersionRecord Find(ModelReference reference)
    {
        var version = Look(reference);
        if (version is not null)
            return version;
        var model = FindModel(reference.ModelId);
        if (reference.Version is { } number)
        {
            var newest = model.LatestVersion is { } latest ? $"the newest is {latest.Id.Number}" : "it has none";
            throw new ModelNotFoundException("MODEL_VERSION_NOT_FOUND", reference.ToString(),
                $"Model '{model.Id}' has no version {number}; {newest}. ListModelVersions shows those that exist.");
        }
        throw new ModelNotFoundException("ALIAS_NOT_FOUND", reference.ToString(),
            $"Model '{model.Id}' has no alias '{reference.Alias}'. Point it at a version with SetAlias, "
            + $"or name the version: models/{model.Id}/versions/N.");
    }

    /// <summary>Loads and warms a version, then points an alias at it.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model or version.</exception>
    /// <exception cref="ModelNotLoadableException">The version cannot be served; the alias has not moved.</exception>
    /// <exception cref="AliasConflictException">The alias does not point where it was expected to.</exception>
    public Task<ModelRecord> SetAliasAsync(
        ModelVersionId version, string alias, OptionalExpected expected, CancellationToken cancellationToken) =>
        MoveAsync(version, alias, () => workspace.Models.SetAlias(version.ModelId, alias, version.Number, expected), cancellationToken);

    /// <summary>Loads and warms the version that an alias named before its last move, then points the alias at it.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model or alias.</exception>
    /// <exception cref="ModelStateException">There is no version to go back to.</exception>
    /// <exception cref="ModelNotLoadableException">The version cannot be served; the alias has not moved.</exception>
    /// <exception cref="AliasConflictException">The alias does not point where it was expected to, or was moved meanwhile.</exception>
    public Task<ModelRecord> RollBackAsync(string modelId, string alias, OptionalExpected expected, CancellationToken cancellationToken)
    {
        var seen = workspace.Models.FindAlias(modelId, alias);
        // Says which of the names is unknown.
        if (seen is null)
            Find(ModelReference.ToAlias(modelId, alias));
        if (seen is null || !expected.Allows(seen.Number))
        {
            throw new AliasConflictException($"Alias '{alias}' of model '{modelId}' points at version {seen?.Number}; expected {expected}. "
                + "Read the model again and decide anew.");
        }
        var previous = new ModelVersionId(modelId, workspace.Models.RequirePrevious(modelId, alias, seen));
        return MoveAsync(previous, alias, () => workspace.Models.RollBack(modelId, alias, seen), cancellationToken);
    }

    /// <summary>Deletes an alias.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model or alias.</exception>
    /// <exception cref="AliasConflictException">The alias does not point where it was expected to.</exception>
    public async Task<ModelRecord> DeleteAliasAsync(string modelId, string alias, OptionalExpected expected, CancellationToken cancellationToken)
    {
        await ChangeAsync(ModelReference.ToAlias(modelId, alias), () =>
        {
            workspace.Models.DeleteAlias(modelId, alias, expected);
            Replace(ModelReference.ToAlias(modelId, alias), null);
        }, cancellationToken);
        logger.LogInformation("Alias {Alias} of model {Model} is deleted.", alias, modelId);
        return FindModel(modelId);
    }

    /// <summary>Deletes a version and drops it from memory as soon as no request uses it.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model or version.</exception>
    /// <exception cref="ModelStateException">An alias or a job needs it.</exception>
    public async Task DeleteVersionAsync(ModelVersionId version, CancellationToken cancellationToken)
    {
        await ChangeAsync(ModelReference.ToVersion(version.ModelId, version.Number), () =>
        {
            workspace.Models.DeleteVersion(version);
            ForgetDeleted();
        }, cancellationToken);
        logger.LogInformation("{Version} is deleted.", version);
    }

    /// <summary>Deletes a model with all its versions and drops them from memory as soon as no request uses them.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelStateException">It has an alias, or a job needs it.</exception>
    public async Task DeleteModelAsync(string modelId, CancellationToken cancellationToken)
    {
        FindModel(modelId);
        await ChangeAsync(ModelReference.ToAlias(modelId, ModelReference.LiveAlias), () =>
        {
            workspace.Models.DeleteModel(modelId);
            ForgetDeleted();
        }, cancellationToken);
        logger.LogInformation("Model {Model} is deleted.", modelId);
    }

    /// <summary>A model with its aliases.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    public ModelRecord FindModel(string modelId) => workspace.Models.Find(modelId)
        ?? throw new ModelNotFoundException("MODEL_NOT_FOUND", $"models/{modelId}",
            $"There is no model 'models/{modelId}'. ListModels shows those that exist.");

    /// <summary>Looks every remembered name up again: another process may have moved an alias or deleted a version.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            KeyValuePair<ModelReference, ModelVersionRecord>[] remembered;
            ForgetDeleted();
            lock (_lock)
            {
                // Who looked a name up before this line and has not noted it yet will not note it: see Remembered.
                _generation++;
                remembered = [.. _versions.Where(entry => entry.Key.Alias is not null)];
            }
            foreach (var (reference, old) in remembered)
                await RefreshAsync(reference, old, cancellationToken);
        }
        finally
        {
            _changes.Release();
        }
    }

    public void Dispose() => _changes.Dispose();

    /// <summary>Loads and warms a version, has an alias moved to it in the store, and serves it.</summary>
    /// <param name="version">The version.</param>
    /// <param name="alias">The alias.</param>
    /// <param name="move">Moves the alias in the store; false if it did not.</param>
    /// <param name="cancellationToken">Ends with the call or the server.</param>
    /// <exception cref="ModelNotFoundException">There is no such model or version.</exception>
    /// <exception cref="ModelNotLoadableException">The version cannot be served; nothing was moved.</exception>
    public async Task MoveAliasAsync(ModelVersionId version, string alias, Func<bool> move, CancellationToken cancellationToken)
    {
        var reference = ModelReference.ToVersion(version.ModelId, version.Number);
        var record = Find(reference);
        using var ready = await LoadAsync(record, cancellationToken);
        var hasMoved = false;
        await ChangeAsync(reference, () =>
        {
            hasMoved = move();
            if (hasMoved)
                Replace(ModelReference.ToAlias(version.ModelId, alias), record);
        }, cancellationToken);
        if (hasMoved)
            logger.LogInformation("Alias {Alias} now serves {Version}.", alias, version);
    }

    private async Task<ModelRecord> MoveAsync(ModelVersionId version, string alias, Action move, CancellationToken cancellationToken)
    {
        await MoveAliasAsync(version, alias, () =>
        {
            move();
            return true;
        }, cancellationToken);
        return FindModel(version.ModelId);
    }

    /// <summary>Changes the store and what is remembered of it, one change at a time.</summary>
    private async Task ChangeAsync(ModelReference subject, Action change, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            change();
        }
        catch (StoreNotFoundException)
        {
            // Says which of the names is unknown.
            Find(subject);
            throw;
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Forgets versions that were deleted, here or by another process.</summary>
    private void ForgetDeleted()
    {
        // Before the look-ups: what is deleted after this line is found the next time.
        var count = workspace.Models.CountDeleted();
        if (count == _deletedCount)
            return;
        ModelReference[] remembered;
        lock (_lock)
        {
            // Who looked a name up before this line and has not noted it yet will not note it: see Remembered.
            _generation++;
            remembered = [.. _versions.Keys.Where(reference => reference.Version is not null)];
        }
        foreach (var reference in remembered.Where(reference => Look(reference) is null))
            Replace(reference, null);
        _deletedCount = count;
    }

    private async Task RefreshAsync(ModelReference reference, ModelVersionRecord old, CancellationToken cancellationToken)
    {
        var version = Look(reference);
        if (version?.Id == old.Id)
            return;
        if (version is null)
        {
            Replace(reference, null);
            return;
        }
        try
        {
            using var ready = await LoadAsync(version, cancellationToken);
            Replace(reference, version);
            logger.LogInformation("Alias {Alias} was moved by another process and now serves {Version}.", reference, version.Id);
        }
        catch (ModelNotLoadableException failure)
        {
            logger.LogError(failure, "Alias {Alias} was moved by another process to a version that cannot be served; {Old} goes on.",
                reference, old.Id);
        }
    }

    private ModelVersionRecord Remembered(ModelReference reference)
    {
        int generation;
        lock (_lock)
        {
            if (_versions.TryGetValue(reference, out var known))
                return known;
            generation = _generation;
        }
        var version = Find(reference);
        lock (_lock)
        {
            if (_versions.Count >= MaxRememberedNames)
                _versions.Clear();
            if (generation == _generation)
                _versions.TryAdd(reference, version);
        }
        return version;
    }

    private void Replace(ModelReference reference, ModelVersionRecord? version)
    {
        GraphBlobs? retired = null;
        lock (_lock)
        {
            _generation++;
            if (_versions.Remove(reference, out var old)
                && !_versions.Values.Append(version).Any(user => user?.Manifest.Graph == old.Manifest.Graph))
                retired = old.Manifest.Graph;
            if (version is not null)
                _versions[reference] = version;
        }
        if (retired is not null)
            graphs.Retire(retired);
    }

    private ModelVersionRecord? Look(ModelReference reference) => reference switch
    {
        { Version: { } number } => workspace.Models.FindVersion(new ModelVersionId(reference.ModelId, number)),
        { Alias: { } alias } => workspace.Models.Resolve(reference.ModelId, alias),
        _ => throw new ArgumentException("The reference names neither an alias nor a version.", nameof(reference)),
    };

    private async Task<ServedModel> LoadAsync(ModelVersionRecord version, CancellationToken cancellationToken)
    {
        // Before its graph is loaded: that costs seconds and memory, and would answer nothing.
        if (version.Manifest.Method == "backbone")
            throw ModelNotLoadableException.WithoutHead(version.Id);
        GraphLease? lease = null;
        try
        {
            var manifest = version.Manifest;
            lease = await graphs.AcquireAsync(manifest.Graph, cancellationToken);
            var head = manifest.Head is { } hash ? heads.Get(hash) : null;
            if (head is not null && head.FeatureCount != lease.Graph.FeatureCount)
                throw new InvalidDataException(
                    $"its head takes {head.FeatureCount} features, and its backbone gives {lease.Graph.FeatureCount}.");
            var classes = head?.ClassCount ?? lease.Graph.ClassCount;
            if (classes != manifest.Labels.Count)
                throw new InvalidDataException($"it has {classes} outputs and {manifest.Labels.Count} labels.");
            return new ServedModel(version, lease, head);
        }
        catch (Exception failure)
        {
            lease?.Dispose();
            if (failure is InvalidDataException or IOException or UnauthorizedAccessException or OnnxRuntimeException
                or ExecutionProviderException or BlobNotFoundException or BlobCorruptException)
                throw new ModelNotLoadableException(version.Id, failure.Message, failure);
            throw;
        }
    }
}
