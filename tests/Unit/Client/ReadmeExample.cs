using BiT.Client;

namespace BiT.Tests.Unit.Client;

/// <summary>The code of the library's README, where a compiler sees it; <see cref="PackageTests"/> compares.</summary>
internal static class ReadmeExample
{
    public static async Task RunAsync()
    {
        // README.md:
        using var client = new BitClient("http://127.0.0.1:5075");

        var upload = await client.UploadFolderAsync("photos");
        var job = await client.SubmitFineTuneJobAsync(
            new FineTuneSpec { Dataset = upload.Dataset.Name, Model = "flowers", Promotion = PromotionRule.IfBetter });
        await foreach (var happened in client.WatchFineTuneJobAsync(job.Name))
            Console.WriteLine(happened.Progress?.Phase);

        await foreach (var photo in client.ClassifyFilesAsync("flowers", ["rose.jpg"]))
            Console.WriteLine(photo.Predictions[0].Label);
        // End.
    }
}
