using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using BiT.Core.Runtime;

namespace BiT.Serving.Jobs;

/// <summary>How the trainer is started: which file, through which host, at which priority.</summary>
internal static class TrainerCommand
{
    public const string FileName = "BiT.Trainer.dll";

    /// <summary>The trainer's file, or null if there is none.</summary>
    public static string? Find(TrainerOptions options)
    {
        if (options.Path is { } path)
            return File.Exists(path) ? Path.GetFullPath(path) : null;
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        // src/Server/bin/{configuration}/net10.0/ beside src/Trainer/bin/{configuration}/net10.0/
        var sibling = Path.Combine(own.FullName, "..", "..", "..", "..", "Trainer", "bin", own.Parent?.Name ?? "", own.Name, FileName);
        return new[] { Path.Combine(own.FullName, FileName), Path.GetFullPath(sibling) }
            .FirstOrDefault(candidate => File.Exists(candidate) && File.Exists(Path.ChangeExtension(candidate, ".runtimeconfig.json")));
    }

    /// <summary>The process to start, with all three standard streams redirected.</summary>
    /// <param name="options">The trainer's options.</param>
    /// <param name="runtime">The server's own, for what the trainer's leave open.</param>
    /// <param name="trainer">What <see cref="Find"/> found.</param>
    /// <param name="workspacePath">The workspace that both share.</param>
    /// <param name="workerId">Who the trainer is, in leases.</param>
    public static ProcessStartInfo Create(
        TrainerOptions options, RuntimeOptions runtime, string trainer, string workspacePath, string workerId)
    {
        List<string> command = [];
        // Process.PriorityClass would change the main thread only: on Linux niceness belongs to threads.
        if (options.Niceness > 0 && FindOnPath("nice") is { } nice)
            command.AddRange([nice, "-n", options.Niceness.ToString(CultureInfo.InvariantCulture)]);
        if (trainer.EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
            command.Add(DotnetHost());
        command.AddRange([trainer, "work", "--workspace", workspacePath, "--worker-id", workerId, "--exit-with-stdin"]);
        command.AddRange(["--provider", options.ExecutionProvider ?? runtime.ExecutionProvider]);
        command.AddRange(["--threads", options.Threads.ToString(CultureInfo.InvariantCulture)]);
        command.AddRange(["--memory-bytes", options.MemoryBytes.ToString(CultureInfo.InvariantCulture)]);
        if (options.FallBackToCpu ?? runtime.FallBackToCpu)
            command.Add("--fall-back-to-cpu");
        if (!runtime.ManagedKernels)
            command.Add("--no-managed-kernels");
        return new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
    }

    private static string DotnetHost()
    {
        // {root}/shared/Microsoft.NETCore.App/{version}/: the host that runs this process also knows the trainer's framework.
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(host) ? host : name;
    }

    private static string? FindOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
