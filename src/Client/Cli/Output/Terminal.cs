using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary>Where one command writes: tables and progress for people, or one JSON line for a program.</summary>
/// <remarks>With <c>--json</c> standard output holds one line, and all that is for people goes to standard error.</remarks>
internal sealed class Terminal
{
    // A table in a file or a pipe has no screen to fit on.
    private const int WidthWithoutScreen = 4000;

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // A loss may be NaN; class names may be in any script.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly CliEnvironment _environment;

    public Terminal(CliEnvironment environment, bool isJson)
    {
        _environment = environment;
        IsJson = isJson;
        IsInteractive = isJson ? environment.ErrorIsTerminal : environment.OutputIsTerminal;
        People = OpenConsole(isJson ? environment.Error : environment.Output, IsInteractive);
        Errors = OpenConsole(environment.Error, environment.ErrorIsTerminal);
    }

    /// <summary>True if the answer is for a program.</summary>
    public bool IsJson { get; }

    /// <summary>True if <see cref="People"/> is a screen that can be drawn over.</summary>
    public bool IsInteractive { get; }

    /// <summary>Tables and progress.</summary>
    public IAnsiConsole People { get; }

    /// <summary>Failures and warnings.</summary>
    public IAnsiConsole Errors { get; }

    /// <summary>The clock of everything that is shown.</summary>
    public TimeProvider Time => _environment.Time;

    /// <summary>Writes the answer: <paramref name="json"/> as one line for a program, or what <paramref name="people"/> writes.</summary>
    public void Answer(object json, Action<IAnsiConsole> people)
    {
        if (!IsJson)
        {
            people(People);
            return;
        }
        _environment.Output.WriteLine(JsonSerializer.Serialize(json, JsonOptions));
        _environment.Output.Flush();
    }

    /// <summary>Writes a plain line for people.</summary>
    public void Say(string text) => People.WriteLine(text);

    /// <summary>Writes a plain line to standard error.</summary>
    public void Warn(string text) => Errors.WriteLine(text);

    /// <summary>Writes why the command failed: a sentence to standard error, and with <c>--json</c> an object to standard output.</summary>
    public int Fail(Failure failure)
    {
        Errors.MarkupLineInterpolated($"[red]bit:[/] {failure.Message}");
        if (IsJson)
            Answer(new { Error = new { failure.Reason, failure.Message, failure.ExitCode } }, _ => { });
        return failure.ExitCode;
    }

    private static IAnsiConsole OpenConsole(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal)
            console.Profile.Width = WidthWithoutScreen;
        return console;
    }
}
