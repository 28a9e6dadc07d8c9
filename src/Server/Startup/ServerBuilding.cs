using System.Net;
using BiT.Core.Classification;
using BiT.Core.Store;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
using BiT.Serving.Jobs;
using BiT.Serving.ModelFiles;
using BiT.Serving.Pages;
using BiT.Serving.Rpc;
using BiT.Serving.Telemetry;
using BiT.Serving.Upkeep;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BiT.Serving.Startup;

/// <summary>The parts of the server, put together. Program.cs tells the order.</summary>
internal static class ServerBuilding
{
    // A watcher that has vanished without a word is noticed after this and once more.
    private static readonly TimeSpan KeepAliveDelay = TimeSpan.FromSeconds(30);

    // Beyond the trainer's own time, for calls in flight.
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(10);

    public static void ListenAsConfigured(this WebApplicationBuilder builder, ServerOptions options, IPEndPoint? webEndPoint)
    {
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // gRPC bounds every message (see AddRpc); a stream as a whole is bounded by Limits:MaxDatasetBytes.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.Http2.KeepAlivePingDelay = KeepAliveDelay;
            // Without TLS a port speaks one of the two only, so the version of a request tells which address it came to.
            kestrel.Listen(options.EndPoint, listen => listen.Protocols = HttpProtocols.Http2);
            if (webEndPoint is not null)
                kestrel.Listen(webEndPoint, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Trainer.StopTimeout + StopMargin);
    }

    public static void LogToStandardError(this WebApplicationBuilder builder, IConfiguration configuration, LogFormat format)
    {
        builder.Logging.AddConfiguration(configuration.GetSection("Logging"));
        if (format == LogFormat.Json || (format == LogFormat.Auto && Console.IsErrorRedirected))
        {
            builder.Logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            builder.Logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            });
        }
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console =>
            console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    public static void AddOptions(this IServiceCollection services, ServerOptions options) => services
        .AddSingleton(options).AddSingleton(options.Limits).AddSingleton(options.Batching)
        .AddSingleton(options.Hosting).AddSingleton(options.Trainer).AddSingleton(options.Runtime)
        .AddSingleton(options.Retention);

    public static void AddModels(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton<ServerMetrics>().AddSingleton<DecodePool>().AddSingleton<ImageBatcher>().AddSingleton<GraphLoader>();
        services.AddSingleton(provider => new GraphCache(
            provider.GetRequiredService<GraphLoader>().Load, options.Hosting.MaxLoadedGraphs, options.Hosting.MemoryBudget));
        services.AddSingleton(provider =>
        {
            var blobs = provider.GetRequiredService<Workspace>().Blobs;
            return new HeadCache(hash => LinearHead.Load(blobs.VerifiedPathOf(hash)), options.Hosting.MaxLoadedHeads);
        });
        services.AddSingleton<ModelReportPage>();
        services.AddSingleton<ModelCatalog>().AddHostedService<StoreWatch>();
    }

    public static void AddJobs(this IServiceCollection services)
    {
        services.AddSingleton<JobSignals>().AddSingleton(provider =>
            new JobWatch(
                provider.GetRequiredService<Workspace>().Jobs, provider.GetRequiredService<JobSignals>(),
                provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<TrainerTasks>();
        services.AddHostedService<Promoter>().AddHostedService<RetentionService>();
        services.AddHostedService<TrainerSupervisor>().AddHostedService<StandardInputWatch>();
    }

    public static void AddRpc(this IServiceCollection services, ServerOptions options)
    {
        services.AddRouting();
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = RequestSize.TransportLimit(options.Limits);
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<ErrorInterceptor>();
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks().AddCheck<WorkspaceHealthCheck>("workspace");
        services.AddSingleton<FineTuneSpecReader>().AddSingleton<JobMessages>().AddSingleton<PhotoCheck>().AddSingleton<UploadSlots>()
            .AddSingleton<DownloadSlots>().AddSingleton<ModelFileFinder>().AddSingleton<ModelDownload>().AddSingleton<ModelImport>();
    }

    public static void AddPages(this IServiceCollection services) => services
        .AddSingleton<DatasetThumbnails>().AddSingleton<DatasetPage>().AddSingleton<IndexPage>().AddSingleton<PageRoutes>().AddSingleton<WebPages>();

    /// <summary>Sends what comes to the web address to the pages; it never reaches a gRPC service.</summary>
    public static void MapPages(this WebApplication app) => app.MapWhen(
        context => !HttpProtocol.IsHttp2(context.Request.Protocol),
        web => web.Run(app.Services.GetRequiredService<WebPages>().AnswerAsync));

    public static void MapRpc(this WebApplication app)
    {
        app.MapGrpcService<ClassificationRpc>();
        app.MapGrpcService<FineTuningRpc>();
        app.MapGrpcService<DatasetRpc>();
        app.MapGrpcService<ModelRpc>();
        app.MapGrpcHealthChecksService();
        app.MapGrpcReflectionService();
    }
}
