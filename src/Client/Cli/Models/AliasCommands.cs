using System.CommandLine;
using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit models promote|rollback|unalias</c>: which version answers.</summary>
internal static class AliasCommands
{
    private const string None = "none";

    public static Command CreatePromote(CliEnvironment environment)
    {
        var model = new Argument<string>("MODEL") { Description = "The model, or a version of it: flowers or flowers/3." };
        var version = new Argument<string?>("VERSION")
        {
            Description = "A version number; left out, the newest.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var (alias, expected) = (AliasOption(), ExpectOption());
        return new Command("promote", "Let a version answer requests that name only the model (alias `live`), or another alias.")
        {
            model, version, alias, expected,
        }.Calls(environment, async (parsed, terminal, client, cancellationToken) =>
        {
            var (name, wanted) = Wanted(parsed.GetRequiredValue(model), parsed.GetValue(version));
            var condition = Condition(name, parsed.GetValue(expected));
            wanted ??= await NewestAsync(client, name, cancellationToken);
            var named = parsed.GetRequiredValue(alias);
            return Moved(terminal, await client.SetAliasAsync(name, wanted, named, condition, cancellationToken), named);
        });
    }

    public static Command CreateRollback(CliEnvironment environment)
    {
        var model = new Argument<string>("MODEL") { Description = "The model." };
        var (alias, expected) = (AliasOption(), ExpectOption());
        return new Command("rollback", "Point an alias back at the version before. Twice ends where it began.") { model, alias, expected }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var name = VersionText.BareModel(parsed.GetRequiredValue(model));
                var named = parsed.GetRequiredValue(alias);
                var condition = Condition(name, parsed.GetValue(expected));
                return Moved(terminal, await client.RollbackAliasAsync(name, named, condition, cancellationToken), named);
            });
    }

    public static Command CreateUnalias(CliEnvironment environment)
    {
        var model = new Argument<string>("MODEL") { Description = "The model." };
        var alias = new Argument<string>("ALIAS") { Description = "The alias, for example canary." };
        var expected = ExpectOption();
        return new Command("unalias", "Delete an alias. Requests that name it then fail.") { model, alias, expected }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var name = VersionText.BareModel(parsed.GetRequiredValue(model));
                var named = parsed.GetRequiredValue(alias);
                var left = await client.DeleteAliasAsync(name, named, Condition(name, parsed.GetValue(expected)), cancellationToken);
                terminal.Answer(JsonShapes.Of(left), console => console.WriteLine($"{left.Name}@{named} is deleted"));
                return ExitCodes.Ok;
            });
    }

    private static Option<string> AliasOption() => new("--alias")
    {
        Description = "The alias, for example canary: a-z, 0-9 and -, beginning with a letter.",
        DefaultValueFactory = _ => Model.LiveAlias,
    };

    private static Option<string?> ExpectOption() => new("--expect")
    {
        Description = $"Do it only while the alias points at this version; `{None}`: only while there is no such alias.",
        HelpName = "VERSION",
    };

    private static (string Model, string? Version) Wanted(string model, string? version)
    {
        var name = VersionText.Model(model);
        if (!name.Contains("/versions/", StringComparison.Ordinal))
        {
            var bare = VersionText.BareModel(model);
            return (bare, version is null ? null : VersionText.Version(bare, version));
        }
        return version is null
            ? (ResourceName.Model(VersionText.ModelOf(name)), name)
            : throw new CommandException(ExitCodes.Usage, "BAD_NAME", $"'{model}' names a version, and '{version}' another; expected one of them.");
    }

    private static string? Condition(string model, string? given) => given switch
    {
        null => null,
        None => "",
        _ => VersionText.Version(VersionText.ModelOf(model), given),
    };

    private static async Task<string> NewestAsync(BitClient client, string model, CancellationToken cancellationToken)
        => (await client.GetModelAsync(model, cancellationToken)).LatestVersion?.Name
            ?? throw new CommandException(ExitCodes.NotFound, "NO_VERSION", $"Model {model} has no version yet. Train one: bit finetune.");

    private static int Moved(Terminal terminal, Model model, string alias)
    {
        terminal.Answer(JsonShapes.Of(model), console => console.WriteLine(
            $"{model.Name}@{alias} is now {model.Aliases.GetValueOrDefault(alias, "unset")}"));
        return ExitCodes.Ok;
    }
}
