namespace BiT.Serving.Startup;

/// <summary>Where configuration comes from: appsettings.json beside the server, environment variables, the command line; the last
/// wins.</summary>
internal static class ServerConfiguration
{
    /// <summary>Prefix of environment variables, for example <c>BIT_Workspace__Path</c>.</summary>
    public const string EnvironmentPrefix = "BIT_";

    public static IConfiguration Load(string[] arguments) => new ConfigurationBuilder()
        .SetBasePath(AppContext.BaseDirectory)
        .AddJsonFile("appsettings.json", optional: true)
        .AddEnvironmentVariables(EnvironmentPrefix)
        .AddCommandLine(arguments)
        .Build();
}
