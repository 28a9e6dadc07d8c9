using System.CommandLine.Parsing;

namespace BiT.Training.Verbs;

/// <summary>The environment variables that the trainer reads where the command line says nothing.</summary>
internal static class Variables
{
    public const string Workspace = "BIT_Workspace__Path";
    public const string Provider = "BIT_Trainer__ExecutionProvider";
    public const string RuntimeProvider = "BIT_Runtime__ExecutionProvider";
    public const string FallBackToCpu = "BIT_Trainer__FallBackToCpu";
    public const string Threads = "BIT_Trainer__Threads";
    public const string MemoryBytes = "BIT_Trainer__MemoryBytes";
    public const string ManagedKernels = "BIT_Runtime__ManagedKernels";
    public const string AliveFile = "BIT_Trainer__AliveFile";

    public const string LogFormat = "BIT_Logging__Format";

    public delegate bool Parser<T>(string text, out T value);

    /// <summary>The variable's text; null if it is unset or empty.</summary>
    public static string? Text(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? text : null;

    /// <summary>The variable's value, or the default if it is unset; a text that cannot be read is an error of the command line.</summary>
    public static T Parse<T>(ArgumentResult result, string variable, Parser<T> parse, T otherwise, string expected)
    {
        if (Text(variable) is not { } text)
            return otherwise;
        if (parse(text, out var value))
            return value;
        result.AddError($"The environment variable {variable} is '{text}'; expected {expected}.");
        return otherwise;
    }
}
