using BiT.Client;

namespace BiT.CommandLine;

/// <summary>What a person names as MODEL, as a model and one of its versions.</summary>
internal static class ModelInput
{
    public const string Rule = "A model (its live version, or the newest if none is live), MODEL@ALIAS or MODEL/versions/N.";

    /// <summary>Finds the model and the version that is meant.</summary>
    /// <exception cref="BitException">NotFound: there is no such model.</exception>
    /// <exception cref="CommandException">It has no such alias or version.</exception>
    public static async Task<(Model Model, ModelVersion Version)> FindAsync(
        BitClient client, string given, CancellationToken cancellationToken)
    {
        var name = ResourceName.Model(given);
        var end = name.IndexOfAny(['@', '/'], "models/".Length);
        var model = await client.GetModelAsync(end < 0 ? name : name[..end], cancellationToken);
        var wanted = end < 0 ? model.Aliases.GetValueOrDefault(Model.LiveAlias) ?? model.LatestVersion?.Name
            : name[end] == '/' ? name
            : model.Aliases.GetValueOrDefault(name[(end + 1)..]) ?? throw new CommandException(ExitCodes.NotFound, "ALIAS_NOT_FOUND",
                $"{model.Name} has no alias '{name[(end + 1)..]}'. It has {Aliases(model)}.");
        if (model.LatestVersion is { } latest && latest.Name == wanted)
            return (model, latest);
        var version = await client.ListModelVersionsAsync(model.Name, cancellationToken)
            .FirstOrDefaultAsync(version => version.Name == wanted, cancellationToken);
        return (model, version ?? throw new CommandException(ExitCodes.NotFound, "MODEL_VERSION_NOT_FOUND",
            wanted is null ? $"{model.Name} has no version." : $"There is no {wanted}. List them: bit models versions {ResourceName.Id(model.Name)}"));
    }

    private static string Aliases(Model model) => model.Aliases.Count == 0 ? "none" : string.Join(", ", model.Aliases.Keys.Order(StringComparer.Ordinal));
}
