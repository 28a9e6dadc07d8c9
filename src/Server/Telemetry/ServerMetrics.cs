using System.Diagnostics.Metrics;

namespace BiT.Serving.Telemetry;

/// <summary>Counters of the server, meter <c>BiT.Server</c>; readable with <c>dotnet-counters</c> or any OpenTelemetry collector.</summary>
internal sealed class ServerMetrics : IDisposable
{
    private readonly Meter _meter = new("BiT.Server");

    public ServerMetrics()
    {
        Images = _meter.CreateCounter<long>("bit.images.classified", "{image}", "Images classified.");
        RejectedImages = _meter.CreateCounter<long>("bit.images.rejected", "{image}", "Images that could not be decoded, by reason.");
        RefusedImages = _meter.CreateCounter<long>("bit.images.refused", "{image}", "Images refused because a queue was full.");
        DroppedImages = _meter.CreateCounter<long>("bit.images.dropped", "{image}", "Images dropped because their caller had left.");
        BatchSize = _meter.CreateHistogram<int>("bit.batch.size", "{image}", "Images per run of a graph.");
        GraphLoads = _meter.CreateCounter<long>("bit.graphs.loaded", "{graph}", "Inference graphs loaded.");
        TrainerRestarts = _meter.CreateCounter<long>("bit.trainer.restarts", "{restart}", "Times the trainer was started again.");
    }

    public Counter<long> Images { get; }
    public Counter<long> RejectedImages { get; }
    public Counter<long> RefusedImages { get; }
    public Counter<long> DroppedImages { get; }
    public Histogram<int> BatchSize { get; }
    public Counter<long> GraphLoads { get; }
    public Counter<long> TrainerRestarts { get; }

    public void Dispose() => _meter.Dispose();
}
