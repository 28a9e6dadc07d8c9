using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using StoreProblem = BiT.Core.Store.DatasetProblem;
using StoreSeverity = BiT.Core.Store.ProblemSeverity;

namespace BiT.Serving.Rpc;

/// <summary>Data sets as messages.</summary>
internal static class DatasetMessages
{
    /// <summary>Problems in the reply to an upload; ListDatasetProblems has all of them.</summary>
    public const int MaxProblemsInReply = 1000;

    // What an error tells travels in a trailer, in base64, and clients of other languages take 8 KiB of those.
    private const int MaxFilesInError = 20;
    private const int MaxErrorLength = 4000;
    private const int MaxDescriptionLength = 300;

    public static Dataset Of(DatasetRecord dataset) => Of(dataset.Summarize());

    public static Dataset Of(DatasetSummary dataset)
    {
        var message = new Dataset
        {
            Name = ResourceNames.OfDataset(dataset.Id),
            DisplayName = dataset.DisplayName,
            CreateTime = dataset.CreateTime.ToTimestamp(),
            TrainPhotoCount = dataset.TrainPhotoCount,
            ValidationPhotoCount = dataset.ValidationPhotoCount,
            ByteCount = dataset.ByteCount,
            MedianArea = dataset.MedianTrainArea,
            ProblemCount = dataset.ProblemCount,
        };
        message.Classes.AddRange(dataset.Classes.Select(item => new DatasetClass
        {
            Label = item.Label,
            TrainPhotoCount = item.TrainPhotoCount,
            ValidationPhotoCount = item.ValidationPhotoCount,
        }));
        return message;
    }

    public static UploadDatasetResponse Of(DatasetRecord dataset, IReadOnlyList<StoreProblem> problems)
    {
        var response = new UploadDatasetResponse { Dataset = Of(dataset), ProblemCount = problems.Count };
        response.Problems.AddRange(problems.Take(MaxProblemsInReply).Select(Of));
        return response;
    }

    public static Protocol.V1.DatasetProblem Of(StoreProblem problem) => new()
    {
        FileName = problem.FileName,
        Label = problem.Label,
        Reason = problem.Reason,
        Message = problem.Message,
        Severity = (Protocol.V1.ProblemSeverity)(int)problem.Severity,
    };

    /// <summary>What blocks, and the first of the files that were left out.</summary>
    public static BadRequest ToBadRequest(IReadOnlyList<StoreProblem> problems)
    {
        var report = new BadRequest();
        var length = 0;
        var blocking = problems.Where(problem => problem.Severity == StoreSeverity.Blocking);
        var others = problems.Where(problem => problem.Severity == StoreSeverity.LeftOut).Take(MaxFilesInError);
        foreach (var problem in blocking.Concat(others))
        {
            var violation = new BadRequest.Types.FieldViolation
            {
                Field = FieldOf(problem),
                Description = problem.FileName.Length > 0 ? Shorten($"{problem.Reason}: {problem.Message}") : problem.Message,
            };
            length += violation.CalculateSize();
            if (length > MaxErrorLength)
                break;
            report.FieldViolations.Add(violation);
        }
        return report;
    }

    private static string FieldOf(StoreProblem problem) => problem.FileName.Length > 0 ? $"file {FieldViolations.Quote(problem.FileName)}"
        : problem.Label.Length > 0 ? $"class {FieldViolations.Quote(problem.Label)}"
        : "dataset";

    private static string Shorten(string text) => text.Length <= MaxDescriptionLength ? text : text[..MaxDescriptionLength] + "...";
}
