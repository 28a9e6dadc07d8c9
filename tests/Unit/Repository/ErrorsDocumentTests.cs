using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using BiT.Client;
using BiT.CommandLine;
using BiT.Core.Store;
using BiT.Serving.Archives;
using BiT.Serving.Rpc;

namespace BiT.Tests.Unit.Repository;

/// <summary>docs/errors.md lists every reason as the code defines it, and the code gives no other.</summary>
public sealed partial class ErrorsDocumentTests
{
    private static readonly string[] Sources = ["Core", "Server", "Trainer"];

    // What bit doctor finds and what its siblings say: lines of a report, not errors of the protocol. docs/operations.md lists them.
    private static readonly string[] OtherCodes = [Path.Combine("Store", "Inspection"), Path.Combine("Store", "Backup"), Path.Combine("Server", "Upkeep")];

    // Upper-case words that are no reasons: variables of the environment.
    private static readonly string[] OtherWords = ["BIT_", "ORT_"];

    [Fact]
    public void ErrorsDocument_ListsWhatTheCodeDefines()
    {
        var text = new StringBuilder("""
            # Errors

            Written by the code (a test compares). A call that fails carries a google.rpc.Status in its trailer `grpc-status-details-bin`; a job that failed has one in `error`, and a
            photo that Classify refuses one in its result. Its details are
            - **ErrorInfo**: `reason` (the table below; reasons and their codes never change), `domain` = `bit`, and `metadata` under the keys named here;
            - **RetryInfo**, where the same call is worth trying again after that time;
            - **BadRequest**, where fields of the request are at fault: every field that is, with what was expected, what came and the cure. INVALID_ARGUMENT has it.

            The message is for people and says the same in words. gRPC itself answers what never reaches the service without any of this: a message beyond twice
            Limits:MaxRequestBytes (RESOURCE_EXHAUSTED), bytes that are no message (INTERNAL), a method that does not exist (UNIMPLEMENTED).

            `bit` exits with the code in the last column, and prints reason and message as JSON with `--json`. `BiT.Client` throws `BitException` with all of it.

            | reason | code | try again after | metadata | what happened, and the cure | exit |
            |---|---|---|---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (var reason in ErrorReasons.ByName.Values.OrderBy(reason => reason.Name, StringComparer.Ordinal))
        {
            var metadata = string.Join(", ", reason.Metadata.Select(key => $"`{key}`"));
            var exit = ExitCodes.Explain(new BitException((Grpc.Core.StatusCode)(int)reason.Code, reason.Name, "")).ExitCode;
            text.Append(CultureInfo.InvariantCulture,
                $"| {reason.Name} | {NameOf(reason.Code)} | {Retry(reason)} | {metadata} | {reason.Meaning} | {exit} |\n");
        }
        text.Append("\n## Why an archive is refused\n`problem` of ARCHIVE_REFUSED:\n\n| problem | meaning |\n|---|---|\n");
        foreach (var problem in Enum.GetValues<ArchiveProblem>())
            text.Append(CultureInfo.InvariantCulture, $"| {UpperSnakeCase(problem.ToString())} | {XmlSummaries.Of(FieldOf(problem))} |\n");
        text.Append("""

            ## What is wrong with files and classes of a data set
            `reason` of a DatasetProblem, besides those of single photos above:

            | reason | meaning |
            |---|---|

            """.ReplaceLineEndings("\n"));
        foreach (var problem in typeof(DatasetProblems).GetFields(BindingFlags.Public | BindingFlags.Static))
            text.Append(CultureInfo.InvariantCulture, $"| {problem.GetValue(null)} | {XmlSummaries.Of(problem)} |\n");

        GeneratedDocument.Check(Path.Combine("docs", "errors.md"), text.ToString());
    }

    [Fact]
    public void Reasons_InTheSource_AreThoseOfTheTable()
    {
        var known = ErrorReasons.ByName.Keys
            .Concat(typeof(DatasetProblems).GetFields().Select(field => (string)field.GetRawConstantValue()!)).ToHashSet(StringComparer.Ordinal);
        foreach (var (file, source) in ReadSources().Where(source => !OtherCodes.Any(folder => source.File.Contains(folder, StringComparison.Ordinal))))
        {
            foreach (var word in UpperSnakeCaseLiteral().Matches(source).Select(match => match.Groups[1].Value))
            {
                Assert.True(known.Contains(word) || OtherWords.Any(prefix => word.StartsWith(prefix, StringComparison.Ordinal)),
                    $"{file} holds \"{word}\". If it is a reason that callers see, add it to ErrorReasons; if not, to this test.");
            }
        }
    }

    [Fact]
    public void Reasons_OfTheTable_AreGivenSomewhere()
    {
        var source = string.Concat(ReadSources().Select(source => source.Text));
        foreach (var field in typeof(ErrorReasons).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var name = ((ErrorReason)field.GetValue(null)!).Name;
            Assert.True(source.Contains($"\"{name}\"", StringComparison.Ordinal) || source.Contains($"ErrorReasons.{field.Name}", StringComparison.Ordinal),
                $"Nothing gives the reason {name}. Remove it from ErrorReasons.");
        }
    }

    private static IEnumerable<(string File, string Text)> ReadSources()
    {
        var files = Sources.SelectMany(project => Directory.EnumerateFiles(
            Path.Combine(RepositoryRoot.Path, "src", project), "*.cs", SearchOption.AllDirectories));
        foreach (var file in files.Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            && Path.GetFileName(file) != "ErrorReasons.cs"))
            yield return (Path.GetRelativePath(RepositoryRoot.Path, file), File.ReadAllText(file));
    }

    private static string Retry(ErrorReason reason) =>
        reason.RetryDelay is { } delay ? string.Create(CultureInfo.InvariantCulture, $"{delay.TotalSeconds} s") : "";

    private static string NameOf(Google.Rpc.Code code) => UpperSnakeCase(code.ToString());

    private static string UpperSnakeCase(string name) => WordStart().Replace(name, "_$0").ToUpperInvariant();

    private static FieldInfo FieldOf(ArchiveProblem problem) => typeof(ArchiveProblem).GetField(problem.ToString())!;

    [GeneratedRegex("\"([A-Z]+(?:_[A-Z]+)+)\"")]
    private static partial Regex UpperSnakeCaseLiteral();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
