using BiT.Core.Store;
using BiT.Serving.Startup;
using Microsoft.AspNetCore.Hosting.Server;

// Exit codes: 0 stopped as asked, 1 cannot run (port taken, unusable workspace), 2 wrong configuration.
try
{
    var configuration = ServerConfiguration.Load(args);
    var options = ServerOptions.Read(configuration, args);
    using var workspace = Workspace.Open(options.Workspace.Path, TimeProvider.System);

    var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
    var webEndPoint = WebPort.Choose(options, out var webNotice);
    builder.ListenAsConfigured(options, webEndPoint);
    builder.LogToStandardError(configuration);
    builder.Services.AddSingleton(TimeProvider.System);
    builder.Services.AddSingleton(workspace);
    builder.Services.AddOptions(options);
    builder.Services.AddModels(options);
    builder.Services.AddJobs();
    builder.Services.AddRpc(options);
    builder.Services.AddPages();
    ServerThreads.MakeRoomForBlockingWork();

    await using var app = builder.Build();
    app.MapPages();
    app.MapRpc();
    await app.StartAsync();
    if (webNotice is not null)
        app.Logger.LogWarning("{Notice}", webNotice);
    ReadyLine.Print(app.Services.GetRequiredService<IServer>(), webEndPoint is not null, Console.Out);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (ConfigurationException violations)
{
    await Console.Error.WriteLineAsync(violations.Message);
    return 2;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or WorkspaceException)
{
    await Console.Error.WriteLineAsync($"The server cannot run: {failure.Message}");
    return 1;
}
