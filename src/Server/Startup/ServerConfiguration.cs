using System.Text.Json;

namespace BiT.Serving.Startup;

/// <summary>Where configuration comes from: appsettings.json beside the server, the file that <see cref="FileKey"/> names, the folder that
/// <see cref="SecretsKey"/> names, environment variables, the command line; the last wins.</summary>
internal static class ServerConfiguration
{
    /// <summary>Prefix of environment variables, for example <c>BIT_Workspace__Path</c>.</summary>
    public const string EnvironmentPrefix = "BIT_";

    /// <summary>Names a JSON file, as <c>--ConfigurationFile</c> or <c>BIT_ConfigurationFile</c>.</summary>
    public const string FileKey = "ConfigurationFile";

    /// <summary>Names a folder in which each file holds one value, named like the environment variable without its prefix, for example
    /// <c>Listen__Address</c>: how container engines hand out secrets.</summary>
    public const string SecretsKey = "SecretsFolder";

    /// <exception cref="ConfigurationException">A file or folder that was named cannot be read.</exception>
    public static IConfiguration Load(string[] arguments)
    {
        var given = new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).AddCommandLine(arguments).Build();
        var builder = new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory).AddJsonFile("appsettings.json", optional: true);
        var violations = new List<string>();
        if (given[FileKey] is { Length: > 0 } file)
        {
            if (File.Exists(file))
                builder.AddJsonFile(Path.GetFullPath(file), optional: false);
            else
                violations.Add($"{FileKey} is '{file}', and there is no such file.");
        }
        if (given[SecretsKey] is { Length: > 0 } folder)
        {
            if (Directory.Exists(folder))
                builder.AddKeyPerFile(Path.GetFullPath(folder), optional: false);
            else
                violations.Add($"{SecretsKey} is '{folder}', and there is no such folder.");
        }
        if (violations.Count > 0)
            throw new ConfigurationException(violations);
        try
        {
            return builder.AddEnvironmentVariables(EnvironmentPrefix).AddCommandLine(arguments).Build();
        }
        catch (InvalidDataException broken)
        {
            // Of a JSON file; the inner exception has the position.
            throw new ConfigurationException([$"{broken.Message} {(broken.InnerException?.InnerException as JsonException ?? broken.InnerException)?.Message}".Trim()]);
        }
    }
}
