using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary>Problems of a data set in words.</summary>
internal static class ProblemText
{
    /// <summary>One line: what became of it, what it is, and why.</summary>
    public static string LineOf(DatasetProblem problem) => problem switch
    {
        { FileName.Length: > 0, Severity: ProblemSeverity.LeftOut } => $"Left out {problem.FileName}: {problem.Message}",
        { FileName.Length: > 0 } => $"Note on {problem.FileName}: {problem.Message}",
        { Severity: ProblemSeverity.LeftOut } => $"LEFT OUT A CLASS: {problem.Message}",
        _ => $"Note: {problem.Message}",
    };

    public static Table TableOf(IEnumerable<DatasetProblem> problems)
    {
        var table = Tables.Create("File or class", "", "Reason", "Problem");
        foreach (var problem in problems)
        {
            table.AddRow(
                Tables.Cell(problem.FileName.Length > 0 ? problem.FileName : problem.Label), Tables.Cell(SeverityOf(problem)),
                Tables.Cell(problem.Reason), Tables.Cell(problem.Message));
        }
        return table;
    }

    public static string SeverityOf(DatasetProblem problem) => problem.Severity switch
    {
        ProblemSeverity.Note => "note",
        ProblemSeverity.LeftOut => "left out",
        ProblemSeverity.Blocking => "blocking",
        _ => "",
    };
}
