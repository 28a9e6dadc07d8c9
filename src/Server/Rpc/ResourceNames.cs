using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using BiT.Core.Store;
using BiT.Serving.Hosting;

namespace BiT.Serving.Rpc;

/// <summary>Resource names of the protocol: what is read from requests and written into replies.</summary>
internal static class ResourceNames
{
    public const string ModelForm = "models/{model}, 1 to 63 characters a-z, 0-9 and -, beginning with a letter";
    public const string VersionForm = "models/{model}/versions/{version}";
    public const string ReferenceForm = "models/{model}, models/{model}@{alias} or models/{model}/versions/{version}";
    public const string DatasetForm = "datasets/{sha256, 64 hexadecimal digits}";
    public const string JobForm = "fineTuneJobs/{32 hexadecimal digits}";

    private const string Models = "models/";
    private const string Versions = "/versions/";
    private const string Datasets = "datasets/";
    private const string Jobs = "fineTuneJobs/";

    public static string OfModel(string modelId) => Models + modelId;

    public static string OfDataset(string datasetId) => Datasets + datasetId;

    public static string OfJob(string jobId) => Jobs + jobId;

    public static bool TryReadModel(string name, out string modelId) => TryReadAfter(Models, name, ResourceIds.IsName, out modelId);

    public static bool TryReadDataset(string name, out string datasetId) => TryReadAfter(Datasets, name, ResourceIds.IsHash, out datasetId);

    public static bool TryReadJob(string name, out string jobId) => TryReadAfter(Jobs, name, ResourceIds.IsJobId, out jobId);

    public static bool TryReadVersion(string name, [NotNullWhen(true)] out ModelVersionId? version)
    {
        version = null;
        var separator = name.IndexOf(Versions, StringComparison.Ordinal);
        if (separator < 0 || !TryReadModel(name[..separator], out var modelId))
            return false;
        var digits = name.AsSpan(separator + Versions.Length);
        // One name per version: no sign, no leading zero.
        if (digits is [] or ['0', ..] || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        version = new ModelVersionId(modelId, number);
        return true;
    }

    public static bool TryReadReference(string name, [NotNullWhen(true)] out ModelReference? reference)
    {
        reference = null;
        if (TryReadVersion(name, out var version))
            reference = ModelReference.ToVersion(version.ModelId, version.Number);
        else if (name.Split('@') is [var model, var alias] && TryReadModel(model, out var aliased) && ResourceIds.IsName(alias))
            reference = ModelReference.ToAlias(aliased, alias);
        else if (TryReadModel(name, out var modelId))
            reference = ModelReference.ToAlias(modelId, ModelReference.LiveAlias);
        return reference is not null;
    }

    private static bool TryReadAfter(string prefix, string name, Func<string, bool> isId, out string id)
    {
        id = name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : "";
        return isId(id);
    }
}
