using System.Text;
using System.Text.Json;
using BiT.Core.Store;

namespace BiT.Training.Pretraining;

/// <summary>curve.jsonl: one JSON line per measurement, in the order of the steps. A process that continues a run drops what it is about to do
/// again.</summary>
internal sealed class CurveFile : IDisposable
{
    private readonly StreamWriter _writer;

    private CurveFile(StreamWriter writer) => _writer = writer;

    /// <summary>Opens the file to append, after removing lines behind a step and a last line cut short.</summary>
    public static CurveFile Open(string path, long step)
    {
        if (File.Exists(path))
            DurableFile.WriteAllBytes(path, Encoding.UTF8.GetBytes(string.Concat(File.ReadLines(path).Where(line => IsKept(line, step)).Select(line => line + '\n'))));
        return new CurveFile(new StreamWriter(path, append: true) { AutoFlush = true, NewLine = "\n" });
    }

    public void Add(RunLine line) => _writer.WriteLine(line.ToJson());

    public void Dispose() => _writer.Dispose();

    private static bool IsKept(string line, long step)
    {
        try
        {
            return RunLine.FromJson(line).Step <= step;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
