using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace BiT.Serving.Startup;

/// <summary><c>--help</c>: how the server is started, and its options as the code defines them. docs/configuration.md says what each is for.</summary>
internal static class HelpVerb
{
    private const int NameWidth = 34;

    public static bool Asks(string[] arguments) => arguments is ["help", ..] || arguments.Any(argument => argument is "--help" or "-h" or "-?");

    public static void Run(TextWriter output)
    {
        var text = new StringBuilder("""
            Serves BiT networks, keeps data sets and models, and runs a trainer.

            BiT.Server [--Section:Option VALUE ...]     the service, until SIGTERM or Ctrl+C
            BiT.Server health [--Listen:Address URL]    exit code 0 if the server there serves
            BiT.Server doctor|gc|backup|restore ...     as `bit` has them, which is easier to use

            Options come from --ConfigurationFile FILE (JSON), --SecretsFolder DIR (a file per value), variables (BIT_Section__Option) and the command line; the last wins.
            docs/configuration.md tells what each is for. Defaults:

            """.ReplaceLineEndings("\n"));
        foreach (var (section, type) in ServerOptions.OptionTypes)
        {
            var defaults = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties().Where(property => property.CanWrite))
                text.Append(CultureInfo.InvariantCulture, $"  {$"--{section}:{property.Name}",-NameWidth} {property.GetValue(defaults) ?? "not set"}{Range(property)}\n");
        }
        output.Write(text);
    }

    private static string Range(PropertyInfo property) => property.GetCustomAttribute<RangeAttribute>() is { } range
        ? string.Create(CultureInfo.InvariantCulture, $"   ({range.Minimum} to {range.Maximum})")
        : "";
}
