using System.Runtime.CompilerServices;
using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Jobs;
using BiT.Serving.Rpc;
using BiT.Serving.Startup;
using Grpc.Core;
using static BiT.Protocol.V1.ImportModelVersionRequest;

namespace BiT.Serving.ModelFiles;

/// <summary>Receives a model file and has a trainer make a version of it.</summary>
internal sealed class ModelImport(Workspace workspace, TrainerTasks tasks, LimitOptions limits, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int MaxLabels = 100_000;
    private const int MaxLabelLength = 200;
    private const int MinInputSize = 32;
    private const int MaxInputSize = 1024;
    private const int HashLength = 32;

    /// <exception cref="InvalidRequestException">The messages break the order or a limit, or a value is out of range.</exception>
    /// <exception cref="UploadDamagedException">Other bytes arrived than were sent.</exception>
    /// <exception cref="TaskFailedException">The file is not one that a version can be made of.</exception>
    public async Task<ModelVersionRecord> RunAsync(IAsyncStreamReader<ImportModelVersionRequest> messages, CancellationToken caller)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(caller, lifetime.ApplicationStopping);
        try
        {
            var name = await RunAsync(messages, stop);
            return ResourceNames.TryReadVersion(name, out var version) && workspace.Models.FindVersion(version) is { } made
                ? made
                : throw ModelNotFound(name);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new ServerStoppingException();
        }
    }

    // Somebody was faster: the version was deleted before the reply was written.
    private static ResourceNotFoundException ModelNotFound(string name) =>
        new("MODEL_VERSION_NOT_FOUND", name, $"{name} was imported and is deleted already.");

    private async Task<string> RunAsync(IAsyncStreamReader<ImportModelVersionRequest> messages, CancellationTokenSource stop)
    {
        using var hold = workspace.HoldBlobs();
        var reader = new TimedReader<ImportModelVersionRequest>(messages, limits, time);
        if (!await reader.MoveNextAsync(stop.Token) || reader.Current.PartCase != PartOneofCase.Header)
            throw FieldViolations.Single("header", "is missing; expected one header as the first message.");
        var task = Read(reader.Current.Header);
        var upload = new Upload(reader, task, limits);
        var hash = await workspace.Blobs.PutAsync(upload.PiecesAsync(stop.Token), stop.Token);
        if (upload.Expected is { } expected && expected != hash)
            throw new UploadDamagedException(expected, hash);
        return await tasks.RunAsync(TaskKind.Import, task with { File = hash }, stop.Token);
    }

    private static ImportTask Read(ImportHeader header)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(header.Model, "header.model");
        violations.Require(header.Network.Length == 0 || FineTuneSpecReader.Networks.Contains(header.Network), "header.network",
            $"is {FieldViolations.Quote(header.Network)}; expected {string.Join(", ", FineTuneSpecReader.Networks)}.");
        violations.Require(header.InputSize is 0 or (>= MinInputSize and <= MaxInputSize), "header.input_size",
            $"is {header.InputSize}; expected {MinInputSize} to {MaxInputSize}, or 0 for the default.");
        violations.Require(header.Labels.Count <= MaxLabels, "header.labels", $"has {header.Labels.Count:N0} names; expected at most {MaxLabels:N0}.");
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < Math.Min(header.Labels.Count, MaxLabels); index++)
        {
            violations.RequireLength(header.Labels[index], $"header.labels[{index}]", 1, MaxLabelLength);
            violations.Require(known.Add(header.Labels[index]), $"header.labels[{index}]",
                $"is {FieldViolations.Quote(header.Labels[index])} a second time; every class needs a name of its own.");
        }
        violations.ThrowIfAny();
        return new ImportTask
        {
            File = "",
            ModelId = modelId,
            Network = header.Network.Length == 0 ? null : header.Network,
            Labels = [.. header.Labels],
            InputSize = header.InputSize == 0 ? null : header.InputSize,
        };
    }

    /// <summary>The messages behind the header: data, then at most one hash.</summary>
    private sealed class Upload(TimedReader<ImportModelVersionRequest> reader, ImportTask task, LimitOptions limits)
    {
        private readonly byte[] _start = new byte[4];
        private long _count;

        /// <summary>The hash that the client sent, hexadecimal; null if it sent none.</summary>
        public string? Expected { get; private set; }

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (await reader.MoveNextAsync(cancellationToken))
            {
                var message = reader.Current;
                if (Expected is not null)
                    throw FieldViolations.Single("part", "came after sha256, which ends the stream.");
                switch (message.PartCase)
                {
                    case PartOneofCase.Data:
                        Take(message.Data.Memory);
                        yield return message.Data.Memory;
                        break;
                    case PartOneofCase.Sha256 when message.Sha256.Length == HashLength:
                        Expected = Convert.ToHexStringLower(message.Sha256.Span);
                        break;
                    case PartOneofCase.Sha256:
                        throw FieldViolations.Single("sha256", $"has {message.Sha256.Length} bytes; expected {HashLength}.");
                    case PartOneofCase.Header:
                        throw FieldViolations.Single("header", "came a second time; expected one, as the first message.");
                    default:
                        throw FieldViolations.Single("part", "is not set; expected data or sha256.");
                }
            }
            if (_count < _start.Length)
                throw FieldViolations.Single("data", $"ended after {_count} bytes; expected an npz or ONNX file.");
        }

        private void Take(ReadOnlyMemory<byte> data)
        {
            if (_count < _start.Length)
            {
                var missing = Math.Min(_start.Length - (int)_count, data.Length);
                data.Span[..missing].CopyTo(_start.AsSpan((int)_count));
                if (_count + missing == _start.Length)
                    CheckKind();
            }
            _count += data.Length;
            if (_count > limits.MaxImportBytes)
            {
                throw FieldViolations.Single("data", $"is larger than Limits:MaxImportBytes = {limits.MaxImportBytes:N0}. "
                    + "Is this the right file? Raise the limit if it is.");
            }
        }

        // Gigabytes of a wrong file are not received in vain. An npz is a zip file; a model of ours begins with its IR version.
        private void CheckKind()
        {
            var violations = new FieldViolations();
            if (_start is [(byte)'P', (byte)'K', 3, 4])
            {
                violations.Require(task.Network is not null, "header.network",
                    $"is empty; an npz does not say what it is of. Expected {string.Join(", ", FineTuneSpecReader.Networks)}.");
            }
            else if (_start[0] == 0x08)
            {
                violations.Require(task.Labels.Count == 0, "header.labels", "are given; an infer.onnx holds its own, so expected none.");
                violations.Require(task.InputSize is null, "header.input_size", "is given; an infer.onnx has its own, so expected 0.");
            }
            else
            {
                violations.Add("data", $"begins with the bytes {Convert.ToHexString(_start)}; expected an npz file (504B0304) or an ONNX file (08...).");
            }
            violations.ThrowIfAny();
        }
    }
}
