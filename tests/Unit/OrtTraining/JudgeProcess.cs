using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace BiT.Tests.Unit.OrtTraining;

/// <summary>The real ONNX Runtime Training on one set of artifacts: tests/OrtTraining/judge.mjs in a process of its own.</summary>
internal sealed class JudgeProcess : IDisposable
{
    // A run takes a second on an idle machine; a runtime that hangs must not hang the suite.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly Process _node;
    private readonly Timer _end;

    public JudgeProcess(string artifacts)
    {
        _node = Process.Start(new ProcessStartInfo("node", ["judge.mjs", Path.GetFullPath(artifacts)])
        {
            WorkingDirectory = JudgeInstallation.Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        }) ?? throw new InvalidOperationException("node did not start.");
        _node.ErrorDataReceived += (_, _) => { };
        _node.BeginErrorReadLine();
        _end = new Timer(_ => _node.Kill(), null, Patience, Timeout.InfiniteTimeSpan);
        Signature = Answer().Message;
    }

    /// <summary>inputs and outputs of the training graph, as the runtime names them.</summary>
    public JsonElement Signature { get; }

    /// <summary>Forward and backward pass; gradients parameter by parameter, if the artifacts have probes.</summary>
    /// <param name="batch">Images and labels.</param>
    /// <param name="isMixed">Whether the artifacts mix.</param>
    public (float Loss, float[] Gradients) Train(MicroBatchData batch, bool isMixed = false)
    {
        var bytes = batch.Images.Length * sizeof(float);
        Send(isMixed
            ? new { op = "train", batch.Labels, batch.Permutation, batch.Lambda, bytes } as object
            : new { op = "train", batch.Labels, bytes }, batch.Images);
        var (message, payload) = Answer();
        return (message.GetProperty("loss").GetSingle(), payload);
    }

    public float Evaluate(MicroBatchData batch)
    {
        Send(new { op = "evaluate", batch.Labels, bytes = batch.Images.Length * sizeof(float) }, batch.Images);
        return Answer().Message.GetProperty("loss").GetSingle();
    }

    public void Step() => Ask("step");

    public void Load(float[] parameters)
    {
        Send(new { op = "load", bytes = parameters.Length * sizeof(float) }, parameters);
        Answer();
    }

    public float[] Parameters() => Ask("parameters");

    public void Dispose()
    {
        _end.Dispose();
        if (!_node.HasExited)
            _node.Kill();
        _node.Dispose();
    }

    private float[] Ask(string operation)
    {
        Send(new { op = operation }, []);
        return Answer().Payload;
    }

    private void Send(object command, float[] payload)
    {
        var stream = _node.StandardInput.BaseStream;
        stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(command, JsonSerializerOptions.Web), (byte)'\n']);
        stream.Write(MemoryMarshal.AsBytes<float>(payload));
        stream.Flush();
    }

    private (JsonElement Message, float[] Payload) Answer()
    {
        var stream = _node.StandardOutput.BaseStream;
        var line = new List<byte>();
        for (var next = stream.ReadByte(); next != '\n'; next = stream.ReadByte())
            line.Add(next >= 0 ? (byte)next : throw new JudgeException($"The judge ended without an answer, after {Patience.TotalMinutes} minutes at most."));
        var message = JsonDocument.Parse(line.ToArray()).RootElement;
        if (message.TryGetProperty("error", out var error))
            throw new JudgeException(error.GetString() ?? "");
        var payload = new float[message.GetProperty("bytes").GetInt32() / sizeof(float)];
        stream.ReadExactly(MemoryMarshal.AsBytes(payload.AsSpan()));
        return (message, payload);
    }
}

/// <summary>What the real runtime says against artifacts.</summary>
internal sealed class JudgeException(string message) : Exception(message);
