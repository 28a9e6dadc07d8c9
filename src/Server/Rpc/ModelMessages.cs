using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace BiT.Serving.Rpc;

/// <summary>Models and versions as messages.</summary>
internal static class ModelMessages
{
    public static Model Of(ModelRecord model)
    {
        var message = new Model
        {
            Name = ResourceNames.OfModel(model.Id),
            CreateTime = model.CreateTime.ToTimestamp(),
            LatestVersion = model.LatestVersion is { } latest ? Of(latest) : null,
        };
        message.Aliases.AddRange(model.Aliases.OrderBy(alias => alias.Key, StringComparer.Ordinal)
            .Select(alias => new ModelAlias { Alias = alias.Key, Version = new ModelVersionId(model.Id, alias.Value).ToString() }));
        return message;
    }

    public static ModelVersion Of(ModelVersionRecord version)
    {
        var manifest = version.Manifest;
        var message = new ModelVersion
        {
            Name = version.Id.ToString(),
            CreateTime = version.CreateTime.ToTimestamp(),
            Method = manifest.Method,
            Network = manifest.Network,
            InputSize = manifest.InputSize,
            Job = manifest.JobId is { } job ? ResourceNames.OfJob(job) : "",
            Dataset = manifest.DatasetId is { } dataset ? ResourceNames.OfDataset(dataset) : "",
            ManifestJson = StoreJson.Write(manifest),
        };
        message.Labels.AddRange(manifest.Labels);
        if (manifest.ValidationAccuracy is { } accuracy)
            message.ValidationAccuracy = accuracy;
        return message;
    }
}
