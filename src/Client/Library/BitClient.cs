using System.Net;
using BiT.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace BiT.Client;

/// <summary>Client of a BiT service: classifies images, uploads data sets, fine-tunes models.</summary>
/// <remarks>
/// Safe for use by many threads at once; make one and keep it. Every call throws <see cref="BitException"/> if the service
/// refuses or cannot be reached, and <see cref="OperationCanceledException"/> if the caller cancels. Calls that change
/// nothing, submissions and cancellations are tried again while the service is unavailable; others never are.
/// Names may be given with or without their collection: <c>flowers</c> or <c>models/flowers</c>.
/// </remarks>
public sealed partial class BitClient : IDisposable
{
    /// <summary>Where a server listens by default.</summary>
    public const string DefaultAddress = "http://127.0.0.1:5075";

    private readonly GrpcChannel? _channel;
    private readonly BitClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ClassificationService.ClassificationServiceClient _classification;
    private readonly DatasetService.DatasetServiceClient _datasets;
    private readonly FineTuningService.FineTuningServiceClient _fineTuning;
    private readonly ModelService.ModelServiceClient _models;

    /// <summary>Makes a client. Nothing is sent before the first call.</summary>
    /// <param name="address">Address of the service, for example <c>http://127.0.0.1:5075</c> or <c>https://bit.example</c>.</param>
    /// <param name="options">Deadlines, sizes and retries; null takes the defaults.</param>
    /// <param name="time">The clock of deadlines and pauses; null takes the system's.</param>
    /// <exception cref="ArgumentException">The address is not an http or https URL, or an option is out of its range.</exception>
    public BitClient(string address = DefaultAddress, BitClientOptions? options = null, TimeProvider? time = null)
        : this(OpenChannel(ParseAddress(address), options ?? new()), ParseAddress(address), options ?? new(), time ?? TimeProvider.System)
    {
    }

    private BitClient(GrpcChannel channel, Uri address, BitClientOptions options, TimeProvider time)
        : this(channel.CreateCallInvoker(), address, options, time) => _channel = channel;

    internal BitClient(CallInvoker invoker, Uri address, BitClientOptions options, TimeProvider time)
    {
        options.Validate();
        Address = address;
        _options = options;
        _time = time;
        _classification = new(invoker);
        _datasets = new(invoker);
        _fineTuning = new(invoker);
        _models = new(invoker);
    }

    /// <summary>Where the service is.</summary>
    public Uri Address { get; }

    /// <summary>Closes the connections; calls that still run are cancelled.</summary>
    public void Dispose() => _channel?.Dispose();

    private static Uri ParseAddress(string address)
        => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0
            ? uri
            : throw new ArgumentException(
                $"'{address}' is not the address of a BiT server. "
                    + $"Expected http://HOST:PORT or https://HOST:PORT, for example {DefaultAddress}.",
                nameof(address));

    private static GrpcChannel OpenChannel(Uri address, BitClientOptions options)
    {
        options.Validate();
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            EnableMultipleHttp2Connections = true,
            // A watch may be silent for long: without pings a vanished server would never be noticed.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            // An http_proxy variable would otherwise swallow calls to this very machine.
            UseProxy = !IsLoopback(address),
        };
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = options.MaxReplyBytes,
            MaxSendMessageSize = null,
            ServiceConfig = RepeatableCalls.Configure(options.MaxAttempts),
        });
    }

    private static bool IsLoopback(Uri address)
        => address.IsLoopback || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip));

    private async Task<T> CallAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> start, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        try
        {
            using var call = start(Options(deadline, cancellationToken));
            return await call.ResponseAsync.ConfigureAwait(false);
        }
        catch (Exception failure) when (Failures.IsOfCall(failure))
        {
            throw Failures.Translate(failure, Address, cancellationToken);
        }
    }

    /// <summary>As <see cref="CallAsync"/>, and again while the service is unavailable: for calls that done twice are done once.</summary>
    /// <param name="deadline">For all attempts together.</param>
    private async Task<T> RepeatAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> start, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var begin = _time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await CallAsync(start, deadline - _time.GetElapsedTime(begin), cancellationToken).ConfigureAwait(false);
            }
            catch (BitException failure) when (failure.Code == StatusCode.Unavailable && attempt < _options.MaxAttempts)
            {
                var delay = failure.RetryDelay ?? RepeatableCalls.FirstDelay * (1 << (attempt - 1));
                if (_time.GetElapsedTime(begin) + delay >= deadline)
                    throw;
                await Task.Delay(delay, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private CallOptions Options(TimeSpan? deadline, CancellationToken cancellationToken)
        => new(deadline: deadline is { } limit ? _time.GetUtcNow().UtcDateTime + limit : null, cancellationToken: cancellationToken);
}
