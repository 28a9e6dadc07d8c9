using System.Globalization;

namespace BiT.Client;

/// <summary>Names of resources. Every method takes a bare id or a whole name and returns the whole name.</summary>
public static class ResourceName
{
    /// <summary><c>flowers</c>, <c>flowers@live</c>, <c>flowers/versions/3</c> or, short, <c>flowers/3</c>, with or without
    /// <c>models/</c> in front, as the service calls it.</summary>
    public static string Model(string model)
    {
        var name = Prefixed("models/", model);
        // models/flowers/3
        return name.Split('/') is [_, var id, var number] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? $"models/{id}/versions/{number}"
            : name;
    }

    /// <summary>The name of one version of a model: <c>models/{model}/versions/{number}</c>.</summary>
    /// <param name="model">The model, with or without <c>models/</c>.</param>
    /// <param name="version">A number, or the whole name, which is returned as it is.</param>
    public static string ModelVersion(string model, string version)
        => version.StartsWith("models/", StringComparison.Ordinal) ? Model(version) : $"{Model(model)}/versions/{version}";

    /// <summary>The number at the end of a version's name; null if there is none.</summary>
    public static int? VersionNumber(string version)
        => int.TryParse(version.AsSpan(version.LastIndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>The name of a job: <c>fineTuneJobs/{job}</c>.</summary>
    public static string Job(string job) => Prefixed("fineTuneJobs/", job);

    /// <summary>The name of a data set: <c>datasets/{dataset}</c>.</summary>
    public static string Dataset(string dataset) => Prefixed("datasets/", dataset);

    /// <summary>The last part of a name: <c>flowers</c> of <c>models/flowers</c>.</summary>
    public static string Id(string name) => name[(name.LastIndexOf('/') + 1)..];

    private static string Prefixed(string collection, string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return name.StartsWith(collection, StringComparison.Ordinal) ? name : collection + name;
    }
}
