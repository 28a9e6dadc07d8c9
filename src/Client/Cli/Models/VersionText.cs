using System.Globalization;
using BiT.Client;

namespace BiT.CommandLine;

/// <summary>Models and versions as a person writes them: <c>flowers</c>, <c>flowers@live</c>, <c>flowers/3</c> or
/// <c>models/flowers/versions/3</c>.</summary>
internal static class VersionText
{
    public const string Forms = "flowers, flowers@live or flowers/3";

    /// <summary>Checks a model, with or without alias or version.</summary>
    /// <returns>Its whole name.</returns>
    /// <exception cref="CommandException">What stands for the version is none, or a part is empty.</exception>
    public static string Model(string text)
    {
        var name = text.StartsWith("models/", StringComparison.Ordinal) ? text["models/".Length..] : text;
        return name.Split('/') switch
        {
            [{ Length: > 0 } model] when !model.EndsWith('@') => ResourceName.Model(model),
            [{ Length: > 0 } model, var number] when !model.Contains('@') => ResourceName.ModelVersion(model, Number(number, model)),
            [{ Length: > 0 } model, "versions", var number] when !model.Contains('@') => ResourceName.ModelVersion(model, Number(number, model)),
            _ => throw Bad($"'{text}' names no model. Expected {Forms}."),
        };
    }

    /// <summary>Checks a model without alias and version.</summary>
    /// <returns>Its whole name.</returns>
    /// <exception cref="CommandException">It is none, or has one of them.</exception>
    public static string BareModel(string text)
    {
        var name = Model(text);
        return name.Contains('@') || name.Contains("/versions/", StringComparison.Ordinal)
            ? throw Bad($"'{text}' names a version or an alias; expected a model, for example {ModelOf(name)}.")
            : name;
    }

    /// <summary>Checks a version of a model: its number, or any name of it.</summary>
    /// <returns>Its whole name.</returns>
    /// <exception cref="CommandException">It is none, or another model's.</exception>
    public static string Version(string model, string text)
    {
        if (!text.Contains('/'))
            return ResourceName.ModelVersion(model, Number(text, model));
        var name = Model(text);
        return ModelOf(name) == ModelOf(ResourceName.Model(model)) && name.Contains("/versions/", StringComparison.Ordinal)
            ? name
            : throw Bad($"'{text}' is no version of {ModelOf(ResourceName.Model(model))}; expected a number, for example 3.");
    }

    /// <summary>The model's id of a whole name: <c>flowers</c> of <c>models/flowers/versions/3</c>.</summary>
    public static string ModelOf(string name) => name["models/".Length..].Split('/', '@')[0];

    private static string Number(string text, string model) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number.ToString(CultureInfo.InvariantCulture)
            : throw Bad($"'{text}' is no version of {model}; expected a whole number from 1, for example {model}/1. "
                + $"`bit models versions {model}` lists them.");

    private static CommandException Bad(string message) => new(ExitCodes.Usage, "BAD_NAME", message);
}
