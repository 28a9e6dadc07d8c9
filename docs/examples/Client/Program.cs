// Teaches a server new classes from a folder of photos, and asks the new model about photos that it has not seen.
//
//   bit serve                                                                 (in another terminal)
//   dotnet run --project docs/examples/Client -- path/to/photos some-photo.jpg
//
// The folder has one folder per class. A test runs this program as it stands here.
using BiT.Client;

if (args.Length < 2)
{
    Console.Error.WriteLine("Expected: a folder with one folder of photos per class, and one or more photos to classify.");
    return 2;
}
using var cancel = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    cancel.Cancel();
};
using var client = new BitClient(Environment.GetEnvironmentVariable("BIT_SERVER") ?? BitClient.DefaultAddress);
try
{
    // Photos are streamed and hashed on the way; what cannot be used is left out and named.
    var upload = await client.UploadFolderAsync(args[0], cancellationToken: cancel.Token);
    foreach (var problem in upload.Problems)
        Console.WriteLine($"{problem.Severity}: {problem.FileName}{problem.Label}: {problem.Message}");

    // The head alone, in seconds; without Method, the service chooses by the data set and the time. The new version takes over the alias
    // `live` if it is better than what serves now.
    var job = await client.SubmitFineTuneJobAsync(new FineTuneSpec
    {
        Dataset = upload.Dataset.Name,
        Model = "example",
        Method = "head",
        Promotion = PromotionRule.IfBetter,
    }, cancellationToken: cancel.Token);

    // A broken connection is opened again behind the last event.
    await foreach (var happened in client.WatchFineTuneJobAsync(job.Name, cancellationToken: cancel.Token))
    {
        if (happened.Progress is { } progress)
            Console.WriteLine(progress.TotalSteps == 0 ? progress.Phase : $"{progress.Phase} {progress.Step}/{progress.TotalSteps}, accuracy {progress.ValidationAccuracy:P0}");
    }

    job = await client.GetFineTuneJobAsync(job.Name, cancel.Token);
    if (job.Error is { } error)
        throw error;
    Console.WriteLine($"{job.ModelVersion} is {job.State}. {job.PromotionOutcome?.Reason}");

    var report = await client.GetModelReportAsync(job.ModelVersion, cancel.Token);
    foreach (var item in report.Evaluation?.Classes ?? [])
        Console.WriteLine($"{item.Label}: precision {item.Precision:P0}, recall {item.Recall:P0}");

    await foreach (var photo in client.ClassifyFilesAsync("example", args[1..], topK: 1, cancel.Token))
        Console.WriteLine($"{photo.Path}: {photo.Error?.Message ?? $"{photo.Predictions[0].Label} ({photo.Predictions[0].Probability:P0})"}");
    return 0;
}
catch (BitException refused)
{
    // The reasons are listed in docs/errors.md.
    Console.Error.WriteLine($"{refused.Reason}: {refused.Message}");
    return 1;
}
catch (OperationCanceledException)
{
    return 130;
}
