using System.Net;
using BiT.Protocol.V1;
using Grpc.Core;

namespace BiT.Tests.EndToEnd.Serving;

[Collection(ServerCollection.Name)]
public sealed class WebPageTests(ServerFixture server) : IDisposable
{
    private readonly HttpClient _browser = new() { BaseAddress = server.WebAddress };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _browser.Dispose();

    [Fact]
    public async Task DataSetPage_OverHttpAndOverGrpc_IsTheSame()
    {
        var dataset = (await server.Datasets.UploadAsync("<colours>", Uploads.TwoColours(70))).Dataset;
        var page = new MemoryStream();
        using (var call = server.Datasets.GetDatasetPage(new GetDatasetPageRequest { Name = dataset.Name }, cancellationToken: Token))
        {
            await foreach (var part in call.ResponseStream.ReadAllAsync(Token))
                part.Data.WriteTo(page);
        }

        var served = await _browser.GetAsync(dataset.Name, Token);

        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        Assert.Equal("text/html; charset=utf-8", served.Content.Headers.ContentType?.ToString());
        Assert.Equal(page.ToArray(), await served.Content.ReadAsByteArrayAsync(Token));
        var text = System.Text.Encoding.UTF8.GetString(page.ToArray());
        Assert.Equal(12, System.Text.RegularExpressions.Regex.Count(text, "<img src=\"data:image/jpeg"));
        Assert.Contains("default-src 'none'", Assert.Single(served.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(served.Headers.GetValues("X-Content-Type-Options")));
        var index = await _browser.GetStringAsync("/", Token);
        Assert.Contains($"<a href=\"/{dataset.Name}\">&lt;colours&gt;</a>", index, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/", 200)]
    [InlineData("HEAD", "/", 200)]
    [InlineData("GET", "/?a=b", 200)]
    [InlineData("GET", "/datasets", 404)]
    [InlineData("GET", "/datasets/", 404)]
    [InlineData("GET", "/datasets/0000000000000000000000000000000000000000000000000000000000000000", 404)]
    [InlineData("GET", "/datasets/..%2F..%2Fbit.db", 404)]
    [InlineData("GET", "/%2e%2e/bit.db", 404)]
    [InlineData("GET", "/bit.db", 404)]
    [InlineData("GET", "/favicon.ico", 404)]
    [InlineData("POST", "/", 405)]
    [InlineData("DELETE", "/datasets/x", 405)]
    [InlineData("POST", "/bit.v1.DatasetService/ListDatasets", 405)]
    public async Task AnyRequest_HasItsStatusAndTheGuardingHeaders(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        var response = await _browser.SendAsync(request, Token);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.True(response.Headers.Contains("Content-Security-Policy"));
        Assert.True(response.Headers.Contains("X-Content-Type-Options"));
    }

    [Fact]
    public async Task AnotherHostsName_IsMisdirected()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = "evil.test";

        var response = await _browser.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
        Assert.DoesNotContain("/datasets/", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problems_InPages_AndDelete()
    {
        var dataset = (await server.Datasets.UploadAsync("doomed", [.. Uploads.TwoColours(71),
            .. Enumerable.Range(0, 3).SelectMany(index => Uploads.Photo($"{index}.txt", "red", [1, 2, 3]))])).Dataset;
        var names = new List<string>();
        var token = "";
        do
        {
            var page = await server.Datasets.ListDatasetProblemsAsync(
                new ListDatasetProblemsRequest { Parent = dataset.Name, PageSize = 1, PageToken = token }, cancellationToken: Token);
            names.Add(Assert.Single(page.Problems).FileName);
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        Assert.Equal(["0.txt", "1.txt", "2.txt"], names);

        var job = server.Workspace.Jobs.Submit(
            new Core.Store.FineTuneSpec { DatasetId = dataset.Name["datasets/".Length..], ModelId = "m" }, null);
        await RpcAssert.FailsAsync(StatusCode.FailedPrecondition, "DATASET_IN_USE", () => DeleteAsync(dataset.Name));
        server.Workspace.Jobs.RequestCancel(job.Id);
        await DeleteAsync(dataset.Name);

        await RpcAssert.FailsAsync(StatusCode.NotFound, "DATASET_NOT_FOUND", () => DeleteAsync(dataset.Name));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "DATASET_NOT_FOUND", () => server.Datasets.ListDatasetProblemsAsync(
            new ListDatasetProblemsRequest { Parent = dataset.Name }, cancellationToken: Token).ResponseAsync);
        Assert.Equal(HttpStatusCode.NotFound, (await _browser.GetAsync(dataset.Name, Token)).StatusCode);
    }

    [Fact]
    public async Task WebAddress_TakenOrNone_IsSaidClearly()
    {
        using var folder = new TemporaryFolder();
        await using var taken = ServerProcess.Launch("--Listen:Address", "http://127.0.0.1:0", "--Listen:WebAddress",
            server.WebAddress.GetLeftPart(UriPartial.Authority), "--Workspace:Path", folder.Path, "--Trainer:Enabled", "false");
        var (code, _) = await taken.ExitAsync();
        Assert.Equal(1, code);
        Assert.Contains("address already in use", taken.Log, StringComparison.OrdinalIgnoreCase);

        await using var none = await ServerProcess.StartAsync(folder.Path, "--Listen:WebAddress", "none");
        Assert.Equal("", none.WebAddress);
    }

    private Task DeleteAsync(string name)
        => server.Datasets.DeleteDatasetAsync(new DeleteDatasetRequest { Name = name }, cancellationToken: Token).ResponseAsync;
}
