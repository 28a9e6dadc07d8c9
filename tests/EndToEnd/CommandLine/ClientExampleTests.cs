using System.Diagnostics;
using BiT.Tests.EndToEnd.Serving;
using SkiaSharp;

namespace BiT.Tests.EndToEnd.CommandLine;

/// <summary>docs/examples/Client as a reader runs it: the client library against a real server and trainer.</summary>
public sealed class ClientExampleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Example_OnAFolderOfPhotos_TrainsPromotesAndClassifies()
    {
        using var folder = new TemporaryFolder();
        var photos = Path.Combine(folder.Path, "photos");
        foreach (var (name, content) in Uploads.TwoFolders(0))
        {
            Directory.CreateDirectory(Path.Combine(photos, Path.GetDirectoryName(name) ?? ""));
            await File.WriteAllBytesAsync(Path.Combine(photos, name), content, Token);
        }
        await File.WriteAllTextAsync(Path.Combine(photos, "red", "notes.txt"), "not a photo", Token);
        var unseen = Path.Combine(folder.Path, "unseen.png");
        await File.WriteAllBytesAsync(unseen, Drawings.Png(SKColors.Red, 99), Token);
        await using var server = await ServerProcess.StartAsync(Path.Combine(folder.Path, "workspace"), "--Trainer:Enabled", "true");

        var (code, output, error) = await RunAsync(server.Address, photos, unseen);

        Assert.True(code == 0, $"{output}{error}{server.Log}");
        Assert.Contains("LeftOut: red/notes.txt", output, StringComparison.Ordinal);
        Assert.Contains("models/example/versions/1 is Succeeded.", output, StringComparison.Ordinal);
        Assert.Matches("(?m)^red: precision .*, recall ", output);
        Assert.Matches(@"(?m)^.*unseen\.png: (red|blue) \(", output);
    }

    [Fact]
    public async Task Example_ThatIsRefused_SaysWhy()
    {
        using var folder = new TemporaryFolder();
        foreach (var label in new[] { "red", "blue" })
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, "photos", label));
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "photos", label, "1.jpg"), "not a photo", Token);
        }
        await using var server = await ServerProcess.StartAsync(Path.Combine(folder.Path, "workspace"));

        var (code, _, error) = await RunAsync(server.Address, Path.Combine(folder.Path, "photos"), "unseen.png");

        Assert.Equal(1, code);
        Assert.StartsWith("DATASET_NOT_USABLE: ", error, StringComparison.Ordinal);
    }

    private static Task<ProgramRun> RunAsync(string address, params string[] arguments) =>
        ProgramRun.ToItsEndAsync(new ProcessStartInfo("dotnet", [BuiltPrograms.ClientExample, .. arguments]) { Environment = { ["BIT_SERVER"] = address } });
}
