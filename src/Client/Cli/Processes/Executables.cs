namespace BiT.CommandLine;

/// <summary>Finds the other executables of BiT, and the <c>dotnet</c> that runs them.</summary>
internal static class Executables
{
    /// <summary>Finds an assembly beside this program, or where a build of the source tree puts it.</summary>
    /// <param name="project">The project's folder below src, for example <c>Server</c>; the assembly is <c>BiT.Server.dll</c>.</param>
    /// <param name="given">The path that an option names; null looks for it.</param>
    /// <param name="option">The option, for the message.</param>
    /// <exception cref="CommandException">It is not there.</exception>
    public static string Find(string project, string? given, string option) => Find(project, given, option, AppContext.BaseDirectory);

    internal static string Find(string project, string? given, string option, string baseDirectory)
    {
        if (given is not null)
            return File.Exists(given)
                ? Path.GetFullPath(given)
                : throw new CommandException(ExitCodes.Failed, "EXECUTABLE_NOT_FOUND",
                    $"{option} names {given}, but there is no such file.");
        var assembly = $"BiT.{project}.dll";
        var candidates = Candidates(project, assembly, baseDirectory).ToList();
        return candidates.FirstOrDefault(IsRunnable) ?? throw new CommandException(ExitCodes.Failed, "EXECUTABLE_NOT_FOUND",
            $"{assembly} was not found; looked for {string.Join(" and ", candidates)}. "
                + $"Build the solution (dotnet build BiT.sln) or name it with {option} PATH.");
    }

    /// <summary>The dotnet host of the runtime that runs this program; it need not be on the PATH.</summary>
    public static string DotnetHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        // .../shared/Microsoft.NETCore.App/10.0.x/
        var runtime = System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
        var host = Path.GetFullPath(Path.Combine(runtime, "..", "..", "..", name));
        return File.Exists(host) ? host : name;
    }

    // src/Client/Cli/bin/<Configuration>/<framework>/ -> src/<project>/bin/<Configuration>/<framework>/
    private static IEnumerable<string> Candidates(string project, string assembly, string baseDirectory)
    {
        yield return Path.Combine(baseDirectory, assembly);
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(baseDirectory));
        if (framework.Parent is { } configuration && configuration.Parent?.Parent?.Parent?.Parent is { } source)
            yield return Path.Combine(source.FullName, project, "bin", configuration.Name, framework.Name, assembly);
    }

    // An assembly that lies somewhere only as a reference has no runtime configuration and cannot be started.
    private static bool IsRunnable(string path) => File.Exists(path) && File.Exists(Path.ChangeExtension(path, ".runtimeconfig.json"));
}
