using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using BiT.Serving.Startup;
using BiT.Training.Verbs;

namespace BiT.Tests.Unit.Repository;

/// <summary>docs/configuration.md lists every option as the code defines it.</summary>
public sealed class ConfigurationDocumentTests
{
    // The end of an option's name tells its unit; the first that fits counts.
    private static readonly (string End, string Unit)[] Units =
    [
        ("Bytes", "bytes"), ("Side", "pixels"), ("Pixels", "pixels"), ("PixelsInFlight", "pixels"), ("Threads", "threads"), ("Niceness", "as nice counts"),
        ("Photos", "photos"), ("Classes", "classes"), ("ImagesPerRequest", "images"), ("BatchSize", "images"), ("Capacity", "images"),
        ("Uploads", "uploads"), ("Tasks", "calls"), ("Graphs", "graphs"), ("Heads", "heads"), ("Entries", "entries"), ("Downloads", "downloads"),
        ("Ratio", "times"), ("Depth", "folders"),
    ];

    [Fact]
    public void ConfigurationDocument_ListsWhatTheCodeDefines()
    {
        var text = new StringBuilder("""
            # Configuration

            Written by the code (a test compares). What is wrong with a configuration is reported at the start, all of it at once, and nothing runs.

            ## Server
            Each option has one name, `Section:Name`, in four places; the last that names it wins:
            1. `appsettings.json` beside the server, or the JSON file that `--ConfigurationFile FILE` (or the variable `BIT_ConfigurationFile`) names:
               `{"Limits": {"MaxImageBytes": 10485760}}`;
            2. the folder that `--SecretsFolder DIR` (`BIT_SecretsFolder`) names: one file per value, `Limits__MaxImageBytes`;
            3. environment variables: `BIT_Limits__MaxImageBytes=10485760`;
            4. the command line: `--Limits:MaxImageBytes 10485760`.

            Durations are `hours:minutes:seconds`. Besides the sections: `StopWithStandardInput` (true or false: the server stops when its standard input closes; default false) and
            `Logging`: `Logging:Format` (Auto, Text or Json; default Auto: text on a terminal, JSON lines elsewhere), `Logging:LogLevel:Default` (Trace to None; default Information).

            """.ReplaceLineEndings("\n"));
        foreach (var (section, type) in ServerOptions.OptionTypes)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {section}\n{XmlSummaries.Of(type)}\n\n")
                .Append("| option | type | unit | range | default | meaning |\n|---|---|---|---|---|---|\n");
            var defaults = Activator.CreateInstance(type)!;
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"| `{section}:{property.Name}` | {TypeName(property)} | {Unit(property)} | {Range(property)} | {Default(property, defaults)} | {XmlSummaries.Of(property)} |\n");
            }
        }
        text.Append("""

            ## Trainer
            A trainer of its own (`work`) takes options, and where they are not given the environment variables that they name. The one that the server starts gets `Trainer:...` of
            the server.

            | option | type | unit | range | default | variable | meaning |
            |---|---|---|---|---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (var option in BiT.Training.Verbs.TrainerCommand.Create().Subcommands.Single(command => command.Name == "work").Options.Where(option => option is not System.CommandLine.Help.HelpOption))
        {
            Assert.True(WorkOptionFacts.ByName.TryGetValue(option.Name, out var facts), $"{option.Name} is not in {nameof(WorkOptionFacts)}.");
            var variables = string.Join(", else ", facts.Variables.Select(variable => $"`{variable}`"));
            text.Append(CultureInfo.InvariantCulture,
                $"| `{option.Name}` | {facts.Type} | {facts.Unit} | {facts.Range} | {facts.Default} | {variables} | {option.Description?.Split(" [variable")[0]} |\n");
        }

        GeneratedDocument.Check(Path.Combine("docs", "configuration.md"), text.ToString());
    }

    private static string TypeName(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return type == typeof(bool) ? "true or false"
            : type == typeof(TimeSpan) ? "duration"
            : type == typeof(int) || type == typeof(long) ? "whole number"
            : type == typeof(double) ? "number"
            : type == typeof(string) ? "text"
            : throw new InvalidOperationException($"{property.Name} is a {type.Name}; give it a name here.");
    }

    private static string Unit(PropertyInfo property)
    {
        if (TypeName(property) is not ("whole number" or "number"))
            return "";
        return Units.FirstOrDefault(unit => property.Name.EndsWith(unit.End, StringComparison.Ordinal)).Unit
            ?? throw new InvalidOperationException($"{property.DeclaringType!.Name}.{property.Name} has no unit; add one here.");
    }

    private static string Range(PropertyInfo property) => property.GetCustomAttribute<RangeAttribute>() is { } range
        ? string.Create(CultureInfo.InvariantCulture, $"{range.Minimum} to {range.Maximum}")
        : "";

    private static string Default(PropertyInfo property, object defaults) => property.GetValue(defaults) switch
    {
        null => "",
        true => "true",
        false => "false",
        // Of the user who runs the server.
        string path when property.DeclaringType == typeof(WorkspaceFolderOptions) => "`bit/workspace` in the user's folder for local application data",
        var value => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };
}
