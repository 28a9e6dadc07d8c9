using BiT.Core.Imaging;
using BiT.Protocol.V1;
using BiT.Serving.Batching;
using BiT.Serving.Hosting;
using BiT.Serving.Startup;
using BiT.Serving.Telemetry;
using Google.Protobuf;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>bit.v1.ClassificationService.</summary>
internal sealed class ClassificationRpc(ModelCatalog catalog, ImageBatcher batcher, LimitOptions limits, ServerMetrics metrics)
    : ClassificationService.ClassificationServiceBase
{
    private const int DefaultTopK = 5;

    public override async Task<ClassifyResponse> Classify(ClassifyRequest request, ServerCallContext context)
    {
        var reference = Validate(request);
        using var model = await catalog.AcquireAsync(reference, context.CancellationToken);
        using var places = model.Graph.Queue.Reserve(request.Images.Count);
        var count = request.TopK == 0 ? DefaultTopK : request.TopK;
        var results = await Task.WhenAll(request.Images.Select(image => ClassifyAsync(model, places, image, count, context)));
        var response = new ClassifyResponse { ModelVersion = model.Version.Id.ToString() };
        response.Results.AddRange(results);
        return response;
    }

    private ModelReference Validate(ClassifyRequest request)
    {
        var violations = new FieldViolations();
        var reference = violations.Reference(request.Model, "model");
        violations.Require(request.Images.Count > 0, "images", "is empty; expected at least one image.");
        violations.Require(request.Images.Count <= limits.MaxImagesPerRequest, "images",
            $"has {request.Images.Count} images; the limit is MaxImagesPerRequest = {limits.MaxImagesPerRequest}. "
            + "Send several requests or raise the limit.");
        violations.Require(request.TopK >= 0, "top_k", $"is {request.TopK}; expected 0 (the default, {DefaultTopK}) or more.");
        RequestSize.Check(violations, request, "images", limits);
        violations.ThrowIfAny();
        return reference ?? throw violations.Exception();
    }

    private async Task<ClassifyResult> ClassifyAsync(
        ServedModel model, QueuePlaces places, ByteString image, int count, ServerCallContext context)
    {
        try
        {
            var graph = model.Graph;
            var deadline = context.Deadline == DateTime.MaxValue ? DateTimeOffset.MaxValue
                : new DateTimeOffset(context.Deadline, TimeSpan.Zero);
            var output = await batcher.RunAsync(
                graph.Queue, places, image.Memory, graph.InputHeight, graph.InputWidth, deadline, context.CancellationToken);
            metrics.Images.Add(1);
            var labels = model.Version.Manifest.Labels;
            var predictions = new Predictions();
            predictions.Predictions_.AddRange(model.Predict(output, count).Select(scored =>
                new Prediction { Label = labels[scored.ClassIndex], Probability = scored.Probability, ClassIndex = scored.ClassIndex }));
            return new ClassifyResult { Predictions = predictions };
        }
        catch (ImageRejectedException rejected)
        {
            metrics.RejectedImages.Add(1, new KeyValuePair<string, object?>("reason", rejected.Problem.ToReason()));
            return new ClassifyResult { Error = ErrorMapping.ToStatus(rejected) };
        }
    }
}
