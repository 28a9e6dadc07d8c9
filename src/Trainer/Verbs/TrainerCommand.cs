using System.CommandLine;
using BiT.Training.Planning;

namespace BiT.Training.Verbs;

/// <summary>The trainer's command line: one verb per class of this folder. Maps outcomes to exit codes.</summary>
/// <remarks>A verb is a static class with <c>static Command Create()</c>, listed in <see cref="Create"/>. Its action writes to
/// <c>parsed.InvocationConfiguration.Output</c>, so that tests can read it, and throws <see cref="UsageException"/> for bad
/// values.</remarks>
internal static class TrainerCommand
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    public static RootCommand Create() => new("Trains BiT networks: plans, fine-tunes, imports, exports and evaluates.")
    {
        PlanVerb.Create(),
        WorkVerb.Create(),
        ImportVerb.Create(),
        PretrainVerb.Create(),
        SnapshotVerb.Create(),
        ArtifactsVerb.Create(),
        HealthVerb.Create(),
    };

    /// <summary>Runs one command line and returns the exit code: 0 done, 1 failed, 2 the command line is wrong.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        ParseResult parsed = Create().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors) await error.WriteLineAsync(problem.Message);
            await error.WriteLineAsync("Use --help to see the verbs and their options.");
            return Usage;
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                // The verbs end by themselves, after their checkpoint; the default would end the process after two seconds.
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception exception) when (exception is UsageException or PlanException)
        {
            await error.WriteLineAsync(exception.Message);
            return Usage;
        }
        catch (Exception exception)
        {
            await error.WriteLineAsync(exception.ToString());
            return Failure;
        }
    }
}

/// <summary>A value on the command line cannot be used. The message says which, what was expected and what came.</summary>
internal sealed class UsageException(string message) : Exception(message);
