using BiT.Client;

namespace BiT.CommandLine;

/// <summary>Progress of a model file on its way.</summary>
/// <remarks>Not Progress&lt;T&gt;: that one reports later, on another thread, when the bar may be gone.</remarks>
internal sealed class TransferLine(IProgressLine line, string phase) : IProgress<TransferProgress>
{
    public void Report(TransferProgress value) => line.Show(new ProgressReport(
        value.BytesDone == value.ByteCount ? "checking" : phase, value.BytesDone, value.ByteCount,
        $"{Show.Bytes(value.BytesDone)} of {Show.Bytes(value.ByteCount)}"));
}
