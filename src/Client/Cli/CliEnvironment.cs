namespace BiT.CommandLine;

/// <summary>The world outside a command: streams, screen and clock. Tests bring their own.</summary>
internal sealed record CliEnvironment
{
    /// <summary>Standard output.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Standard error.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>True if standard output is a screen.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>True if standard error is a screen.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The environment of this process.</summary>
    public static CliEnvironment OfThisProcess()
    {
        var canDraw = Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new CliEnvironment
        {
            Output = Console.Out,
            Error = Console.Error,
            OutputIsTerminal = canDraw && !Console.IsOutputRedirected,
            ErrorIsTerminal = canDraw && !Console.IsErrorRedirected,
        };
    }
}
