using System.CommandLine;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary><c>bit models delete</c></summary>
internal static class DeleteModelCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var target = new Argument<string>("MODEL") { Description = "flowers/3: one version; flowers: the model with all its versions." };
        return new Command("delete", "Delete a version, or a model with all its versions. Refused while an alias names it or a job needs it.") { target }
            .Calls(environment, async (parsed, terminal, client, cancellationToken) =>
            {
                var name = VersionText.Model(parsed.GetRequiredValue(target));
                if (name.Contains('@'))
                {
                    throw new CommandException(ExitCodes.Usage, "BAD_NAME",
                        $"'{parsed.GetRequiredValue(target)}' names an alias. To delete the alias: bit models unalias; to delete a version, give its number.");
                }
                if (name.Contains("/versions/", StringComparison.Ordinal))
                    await client.DeleteVersionAsync(name, cancellationToken);
                else
                    await client.DeleteModelAsync(name, cancellationToken);
                terminal.Answer(new { Deleted = name }, console => console.WriteLine($"{name} is deleted"));
                return ExitCodes.Ok;
            });
    }
}
