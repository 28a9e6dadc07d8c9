using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    // One request of ClassifyFilesAsync: small enough for any sensible server limit, large enough to fill a batch.
    private const int MaxFilesPerCall = 16;
    private const long MaxFileBytesPerCall = 16 << 20;

    /// <summary>Classifies encoded images (JPEG, PNG, WebP, GIF or BMP) in one call.</summary>
    /// <param name="model">
    /// <c>flowers</c> (the version behind the alias <c>live</c>), <c>flowers@alias</c> or <c>flowers/versions/3</c>.
    /// </param>
    /// <param name="images">The files' bytes, at least one. Not copied; leave them alone until the call returns.</param>
    /// <param name="topK">Predictions per image; 0 takes the service's default, 5.</param>
    /// <returns>One outcome per image; an image that cannot be decoded does not fail the others.</returns>
    public async Task<ClassificationReply> ClassifyAsync(
        string model, IEnumerable<ReadOnlyMemory<byte>> images, int topK = 0, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ClassifyRequest { Model = ResourceName.Model(model), TopK = topK };
        request.Images.AddRange(images.Select(image => UnsafeByteOperations.UnsafeWrap(image)));
        var reply = await CallAsync(options => _classification.ClassifyAsync(request, options), _options.ModelDeadline, cancellationToken)
            .ConfigureAwait(false);
        if (reply.Results.Count != request.Images.Count)
            throw new InvalidDataException($"The service returned {reply.Results.Count} results for {request.Images.Count} images.");
        return new ClassificationReply(reply.ModelVersion, [.. reply.Results.Select(FromWire)]);
    }

    /// <summary>Classifies files, several per call, in order.</summary>
    /// <param name="model">See <see cref="ClassifyAsync"/>.</param>
    /// <param name="paths">Files; each is read when its turn comes.</param>
    /// <param name="topK">Predictions per image; 0 takes the service's default, 5.</param>
    /// <returns>One outcome per file. A file that cannot be read or decoded is reported and the others go on.</returns>
    public async IAsyncEnumerable<ClassifiedFile> ClassifyFilesAsync(
        string model, IEnumerable<string> paths, int topK = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var batch = new List<PendingFile>();
        long batchBytes = 0;
        foreach (var path in paths)
        {
            var file = await PendingFile.ReadAsync(path, cancellationToken).ConfigureAwait(false);
            if (batch.Count > 0 && (batch.Count == MaxFilesPerCall || batchBytes + file.Bytes.Length > MaxFileBytesPerCall))
            {
                foreach (var outcome in await ClassifyBatchAsync(model, batch, topK, cancellationToken).ConfigureAwait(false))
                    yield return outcome;
                batch.Clear();
                batchBytes = 0;
            }
            batch.Add(file);
            batchBytes += file.Bytes.Length;
        }
        if (batch.Count > 0)
            foreach (var outcome in await ClassifyBatchAsync(model, batch, topK, cancellationToken).ConfigureAwait(false))
                yield return outcome;
    }

    private async Task<List<ClassifiedFile>> ClassifyBatchAsync(
        string model, List<PendingFile> batch, int topK, CancellationToken cancellationToken)
    {
        var readable = batch.Where(file => file.Error is null).Select(file => (ReadOnlyMemory<byte>)file.Bytes).ToList();
        var reply = readable.Count > 0
            ? await ClassifyAsync(model, readable, topK, cancellationToken).ConfigureAwait(false)
            : new ClassificationReply("", []);
        var results = new Queue<ClassifiedImage>(reply.Images);
        var outcomes = new List<ClassifiedFile>(batch.Count);
        foreach (var file in batch)
        {
            var image = file.Error is null ? results.Dequeue() : new ClassifiedImage([], file.Error);
            outcomes.Add(new ClassifiedFile(file.Path, file.Error is null ? reply.ModelVersion : "", image.Predictions, image.Error));
        }
        return outcomes;
    }

    private static ClassifiedImage FromWire(Wire.ClassifyResult result)
        => result.OutcomeCase == Wire.ClassifyResult.OutcomeOneofCase.Predictions
            ? new ClassifiedImage([.. result.Predictions.Predictions_.Select(FromWire)], null)
            : new ClassifiedImage([], Failures.FromStatus(result.Error ?? new Google.Rpc.Status
            {
                Code = (int)StatusCode.Unknown,
                Message = "The service returned neither predictions nor an error for this image.",
            }));

    private static Prediction FromWire(Wire.Prediction prediction) => new(prediction.Label, prediction.Probability, prediction.ClassIndex);

    private sealed record PendingFile(string Path, byte[] Bytes, BitException? Error)
    {
        internal static async Task<PendingFile> ReadAsync(string path, CancellationToken cancellationToken)
        {
            try
            {
                return new PendingFile(path, await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false), null);
            }
            catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
            {
                return new PendingFile(path, [],
                    new BitException(StatusCode.NotFound, "FILE_NOT_FOUND", "There is no such file.", failure));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                var message = Directory.Exists(path)
                    ? "It is a folder; name the files in it."
                    : $"It cannot be read: {failure.Message}";
                return new PendingFile(path, [], new BitException(StatusCode.InvalidArgument, "FILE_NOT_READABLE", message, failure));
            }
        }
    }
}
