using BiT.Client;
using Spectre.Console;

namespace BiT.CommandLine;

/// <summary>An evaluation for people.</summary>
internal static class EvaluationText
{
    private const int MaxClasses = 40;
    private const int MaxWeak = 5;
    private const int MaxPhotos = 10;

    /// <summary>The numbers about all photos together.</summary>
    public static IEnumerable<(string Name, string Value)> FactsOf(Evaluation evaluation)
    {
        yield return ("accuracy", Show.Invariant($"{Show.Percent(evaluation.Top1Accuracy)} of {evaluation.PhotoCount} photos"));
        yield return ("among the best five", Show.Percent(evaluation.Top5Accuracy));
        yield return ("loss", Show.Number(evaluation.Loss));
        yield return ("calibration error", Show.Percent(evaluation.ExpectedCalibrationError));
    }

    /// <summary>A table of all classes; of many, those with the lowest F1.</summary>
    public static void WriteClasses(IAnsiConsole console, Evaluation evaluation)
    {
        var shown = evaluation.Classes.Count <= MaxClasses ? evaluation.Classes
            : [.. evaluation.Classes.Where(item => item.F1 is not null).OrderBy(item => item.F1).Take(MaxClasses)];
        if (shown.Count < evaluation.Classes.Count)
            console.WriteLine($"The {shown.Count} classes with the lowest F1 of {evaluation.Classes.Count}; --json and --html have more.");
        console.Write(TableOf(shown));
    }

    /// <summary>Where it is wrong: the worst classes, what it confuses, and photos that may be wrongly labelled.</summary>
    public static void WriteWeaknesses(IAnsiConsole console, Evaluation evaluation)
    {
        if (evaluation.Top1Accuracy >= 1)
            return;
        console.WriteLine();
        console.WriteLine("Worst classes");
        console.Write(TableOf([.. evaluation.Classes.Where(item => item.F1 < 1).OrderBy(item => item.F1).Take(MaxWeak)]));
        WriteConfusion(console, evaluation);
        WritePhotos(console, evaluation);
    }

    /// <summary>The most frequent mistakes.</summary>
    public static void WriteConfusion(IAnsiConsole console, Evaluation evaluation)
    {
        var table = Tables.Create("Labelled", "Taken for", "Photos");
        foreach (var cell in evaluation.Confusion.Where(cell => cell.Actual != cell.Predicted).OrderByDescending(cell => cell.PhotoCount).Take(MaxWeak))
            table.AddRow(
                Tables.Cell(evaluation.Classes[cell.Actual].Label), Tables.Cell(evaluation.Classes[cell.Predicted].Label),
                Tables.Cell(Show.Invariant($"{cell.PhotoCount} of {evaluation.Classes[cell.Actual].PhotoCount}")));
        if (table.Rows.Count == 0)
            return;
        console.WriteLine("Most confused");
        console.Write(table);
    }

    /// <summary>The photos that it is furthest off on.</summary>
    public static void WritePhotos(IAnsiConsole console, Evaluation evaluation)
    {
        var table = Tables.Create("Photo", "Labelled", "Taken for", "Loss");
        foreach (var photo in evaluation.HighestLosses.Where(photo => photo.Label != photo.PredictedLabel).Take(MaxPhotos))
            table.AddRow(
                Tables.Cell(photo.FileName), Tables.Cell($"{photo.Label} {Show.Percent(photo.LabelProbability)}"),
                Tables.Cell($"{photo.PredictedLabel} {Show.Percent(photo.PredictedProbability)}"), Tables.Cell(Show.Number(photo.Loss)));
        if (table.Rows.Count == 0)
            return;
        console.WriteLine("Hard, or wrongly labelled");
        console.Write(table);
    }

    private static Table TableOf(IReadOnlyList<ClassEvaluation> classes)
    {
        var table = Tables.Create("Class", "Photos", "Precision", "Recall", "F1");
        foreach (var item in classes)
            table.AddRow(
                Tables.Cell(item.Label), Tables.Cell(Show.Invariant($"{item.PhotoCount}")), Tables.Cell(Show.Percent(item.Precision)),
                Tables.Cell(Show.Percent(item.Recall)), Tables.Cell(Show.Percent(item.F1)));
        return table;
    }
}
