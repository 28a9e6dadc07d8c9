using System.CommandLine;
using BiT.Training.Networks;

namespace BiT.Bench.Verbs;

/// <summary>The command line of the measurements: one verb per class of this folder.</summary>
internal static class BenchCommand
{
    private const int Failure = 1;
    private const int Usage = 2;

    public static RootCommand Create() => new("Measures training and inference against plain operators and against their own products, interleaved in one process.")
    {
        TrainStepVerb.Create(),
        InferVerb.Create(),
        LoopVerb.Create(),
        GuardVerb.Create(),
        ProfileVerb.Create(),
        VersusVerb.Create(),
        TransferVerb.Create(),
        CurvesVerb.Create(),
    };

    /// <summary>Runs one command line and returns the exit code: 0 done, 1 failed, 2 the command line is wrong.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var parsed = Create().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var problem in parsed.Errors)
                await error.WriteLineAsync(problem.Message);
            await error.WriteLineAsync("Use --help to see the benches and their options.");
            return Usage;
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (NetworkException exception)
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
