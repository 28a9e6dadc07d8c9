using BiT.Core.Runtime;
using BiT.Core.Store;
using BiT.Serving.Startup;
using BiT.Serving.Upkeep;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;

// Exit codes: 0 stopped as asked, 1 cannot run (port taken, unusable workspace), 2 wrong configuration.
try
{
    if (HelpVerb.Asks(args))
    {
        HelpVerb.Run(Console.Out);
        return 0;
    }
    if (UpkeepVerbs.Has(args))
        return UpkeepVerbs.Run(args, TimeProvider.System, Console.Out, Console.Error);
    var asksForHealth = args is [HealthVerb.Name, ..];
    var arguments = asksForHealth ? args[1..] : args;
    var configuration = ServerConfiguration.Load(arguments);
    var options = ServerOptions.Read(configuration, arguments);
    if (asksForHealth)
        return await HealthVerb.RunAsync(options, Console.Out, Console.Error);
    // Now, and not with the first request.
    SessionFactory.Check(options.Runtime, Console.Error.WriteLine);
    if (options.TrainerRuntime is { } trainerRuntime && trainerRuntime.ExecutionProvider != options.Runtime.ExecutionProvider)
        SessionFactory.Check(trainerRuntime, line => Console.Error.WriteLine($"Trainer: {line}"));
    using var workspace = Workspace.Open(options.Workspace.Path, TimeProvider.System);

    var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
    var webEndPoint = WebPort.Choose(options, out var webNotice);
    builder.ListenAsConfigured(options, webEndPoint);
    builder.LogToStandardError(configuration, options.LogFormat);
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
    try
    {
        await app.StartAsync();
    }
    catch (IOException taken) when (taken.InnerException is AddressInUseException)
    {
        await Console.Error.WriteLineAsync($"The server cannot run: {taken.Message} Another server may be running there: stop it, or listen elsewhere "
            + "(--Listen:Address http://127.0.0.1:PORT, with `bit serve` --listen; port 0 takes a free one).");
        return 1;
    }
    catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
    {
        // Asked to stop before it was ready.
        return 0;
    }
    if (webNotice is not null)
        app.Logger.LogWarning("{Notice}", webNotice);
    ReadyLine.Print(app.Services.GetRequiredService<IServer>(), webEndPoint is not null, Console.Out);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception violations) when (violations is ConfigurationException or ExecutionProviderException)
{
    await Console.Error.WriteLineAsync(violations.Message);
    return 2;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or WorkspaceException)
{
    await Console.Error.WriteLineAsync($"The server cannot run: {failure.Message}");
    return 1;
}
