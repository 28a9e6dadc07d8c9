using Grpc.Core;
using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    /// <summary>Downloads a file of a version to disk. It is written under a temporary name beside its place, checked against its hash and
    /// renamed: the file is there whole, or not at all.</summary>
    /// <param name="version"><c>flowers</c> (the version behind the alias <c>live</c>), <c>flowers@alias</c> or <c>flowers/3</c>.</param>
    /// <param name="path">A file, or an existing folder, which receives a file of the name that the service suggests.</param>
    /// <param name="file">Which file. For a head version the service first puts it together, which takes a while the first time.</param>
    /// <param name="overwrite">Whether a file that is there already is replaced.</param>
    /// <param name="progress">Told about every chunk; null if nobody cares.</param>
    /// <exception cref="BitException">NotFound: no such model, alias or version. FailedPrecondition: it has no such file. DataLoss: it came
    /// damaged.</exception>
    /// <exception cref="IOException">There is such a file already, or it cannot be written.</exception>
    public async Task<DownloadedModel> DownloadAsync(
        string version, string path, ModelFile file = ModelFile.InferenceGraph, bool overwrite = false,
        IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (!Directory.Exists(path))
            CheckPlace(path, overwrite);
        return await DownloadAsync(version, file, async (header, receiver) =>
        {
            var target = Path.GetFullPath(Directory.Exists(path) ? Path.Combine(path, SafeName(header)) : path);
            CheckPlace(target, overwrite);
            var temporary = Path.Combine(Path.GetDirectoryName(target) ?? "", $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}.part");
            try
            {
                var writing = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, useAsync: true);
                await using (writing.ConfigureAwait(false))
                {
                    await receiver.CopyAsync(header, writing, cancellationToken).ConfigureAwait(false);
                    writing.Flush(flushToDisk: true);
                }
                File.Move(temporary, target, overwrite);
            }
            finally
            {
                File.Delete(temporary);
            }
            return target;
        }, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Downloads a file of a version into a stream. If the download fails, what was written until then is not to be used.</summary>
    /// <param name="version">See <see cref="DownloadAsync(string, string, ModelFile, bool, IProgress{TransferProgress}?, CancellationToken)"/>.</param>
    /// <param name="destination">Receives the bytes; stays the caller's.</param>
    /// <param name="file">Which file.</param>
    /// <param name="progress">Told about every chunk; null if nobody cares.</param>
    /// <exception cref="BitException">NotFound: no such model, alias or version. FailedPrecondition: it has no such file. DataLoss: it came
    /// damaged.</exception>
    public Task<DownloadedModel> DownloadAsync(
        string version, Stream destination, ModelFile file = ModelFile.InferenceGraph, IProgress<TransferProgress>? progress = null,
        CancellationToken cancellationToken = default)
        => DownloadAsync(version, file, async (header, receiver) =>
        {
            await receiver.CopyAsync(header, destination, cancellationToken).ConfigureAwait(false);
            return "";
        }, progress, cancellationToken);

    /// <summary>Makes a version of a file; it is read, hashed and sent in chunks.</summary>
    /// <param name="model">The model that receives the version; made if it does not exist.</param>
    /// <param name="path">An npz in the official layout, with or without head, or an infer.onnx that the service made.</param>
    /// <param name="settings">What the file does not say; null for an infer.onnx.</param>
    /// <param name="progress">Told about every chunk; null if nobody cares.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="BitException">InvalidArgument: INVALID_WEIGHTS names every array that is missing, unexpected or misshapen;
    /// INVALID_GRAPH says what is foreign in an ONNX file. DataLoss: it arrived damaged. Nothing is imported.</exception>
    public async Task<ModelVersion> ImportAsync(
        string model, string path, ImportSettings? settings = null, IProgress<TransferProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        settings ??= new ImportSettings();
        var header = new Wire.ImportHeader
        {
            Model = ResourceName.Model(model),
            Network = settings.Network,
            InputSize = settings.InputSize ?? 0,
        };
        header.Labels.AddRange(settings.Labels);
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, useAsync: true);
        await using (file.ConfigureAwait(false))
        {
            try
            {
                // Disposing the call before its end cancels it, so that a file that cannot be read leaves nothing behind.
                using var call = _models.ImportModelVersion(Options(_options.UploadDeadline, cancellationToken));
                return FromWire(await new ModelSender(call, _options.ChunkBytes, progress).SendAsync(header, file, cancellationToken)
                    .ConfigureAwait(false));
            }
            catch (Exception failure) when (Failures.IsOfCall(failure))
            {
                throw Failures.Translate(failure, Address, cancellationToken);
            }
        }
    }

    private async Task<DownloadedModel> DownloadAsync(
        string version, ModelFile file, Func<Wire.DownloadHeader, ModelReceiver, Task<string>> receive, IProgress<TransferProgress>? progress,
        CancellationToken cancellationToken)
    {
        var request = new Wire.DownloadModelVersionRequest { Name = ResourceName.Model(version), File = (Wire.ModelFile)file };
        try
        {
            // Disposing the call before its end cancels it.
            using var call = _models.DownloadModelVersion(request, Options(_options.DownloadDeadline, cancellationToken));
            var receiver = new ModelReceiver(call.ResponseStream, progress);
            var header = await receiver.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
            var path = await receive(header, receiver).ConfigureAwait(false);
            return new DownloadedModel(
                header.ModelVersion, SafeName(header), header.ByteCount, Convert.ToHexStringLower(header.Sha256.Span), path);
        }
        catch (Exception failure) when (Failures.IsOfCall(failure))
        {
            throw Failures.Translate(failure, Address, cancellationToken);
        }
    }

    private static void CheckPlace(string path, bool overwrite)
    {
        if (!overwrite && File.Exists(path))
            throw new IOException($"There is a file {path} already. Name another, or say that it is to be replaced.");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new IOException($"There is no folder {folder}. Make it first.");
    }

    // The service suggests a name; it does not choose a folder.
    private static string SafeName(Wire.DownloadHeader header)
    {
        var name = header.FileName[(header.FileName.LastIndexOfAny(['/', '\\']) + 1)..];
        return name.Length is > 0 and <= 200 && !name.StartsWith('.') && name.IndexOfAny(Path.GetInvalidFileNameChars()) < 0
            ? name
            : "model.download";
    }
}
