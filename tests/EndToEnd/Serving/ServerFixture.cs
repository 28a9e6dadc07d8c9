using BiT.Core.Store;
using BiT.Protocol.V1;
using Grpc.Net.Client;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>One server without a trainer for many tests, and its workspace as another process of the same machine sees it.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;
    private GrpcChannel? _channel;
    private Workspace? _workspace;

    public Workspace Workspace => _workspace ?? throw new InvalidOperationException("Not started.");

    public string Address => _server?.Address ?? throw new InvalidOperationException("Not started.");

    public ClassificationService.ClassificationServiceClient Classification => new(Channel);

    public FineTuningService.FineTuningServiceClient FineTuning => new(Channel);

    public DatasetService.DatasetServiceClient Datasets => new(Channel);

    public ModelService.ModelServiceClient Models => new(Channel);

    /// <summary>Where the pages are.</summary>
    public Uri WebAddress => new(_server?.WebAddress ?? throw new InvalidOperationException("Not started."));

    public GrpcChannel Channel => _channel ?? throw new InvalidOperationException("Not started.");

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_folder.Path, "--Limits:MaxImagesPerRequest", "8", "--Limits:MaxImageBytes", "200000",
            "--Limits:MaxRequestBytes", "400000", "--Limits:MaxImportBytes", "400000");
        _channel = _server.Connect();
        _workspace = Workspace.Open(_folder.Path, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        _workspace?.Dispose();
        _folder.Dispose();
    }
}

/// <summary>Tests that share a server.</summary>
[CollectionDefinition(Name)]
public sealed class ServerCollection : ICollectionFixture<ServerFixture>
{
    public const string Name = "server";
}
