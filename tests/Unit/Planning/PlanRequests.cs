using BiT.Core.Store;
using BiT.Training.Planning;

namespace BiT.Tests.Unit.Planning;

/// <summary>Requests that tests vary.</summary>
internal static class PlanRequests
{
    public static readonly ModelVersionId Base = new("backbone", 3);

    public static PlanRequest For(
        string recipe, int trainCount = 400, int validationCount = 100, long medianArea = 320 * 240, int classes = 5, bool hasBase = true,
        string method = "auto", FineTuneOverrides? overrides = null) => new()
        {
            Spec = new FineTuneSpec
            {
                DatasetId = "d5",
                ModelId = "flowers",
                Recipe = recipe,
                Method = method,
                Base = hasBase ? Base : null,
                Overrides = overrides ?? new FineTuneOverrides(),
            },
            Data = new DatasetFacts
            {
                DatasetId = "d5",
                Labels = [.. Enumerable.Range(0, classes).Select(index => $"class {index}")],
                TrainCount = trainCount,
                ValidationCount = validationCount,
                MedianArea = medianArea,
            },
            BaseNetwork = hasBase ? "R50x1" : null,
            MaxMicroBatch = (_, _) => 512,
        };
}
