using System.Text.Json;

namespace BiT.Bench.Reports;

/// <summary>One node of a profiled session.</summary>
/// <param name="Operator">Its operator.</param>
/// <param name="Node">Its name.</param>
/// <param name="Milliseconds">Mean time of its kernel in one run.</param>
internal sealed record OperatorTime(string Operator, string Node, double Milliseconds);

/// <summary>Reads the file that ONNX Runtime's profiler writes: a list of events in Chrome's trace format.</summary>
internal static class OperatorTimes
{
    private const string KernelSuffix = "_kernel_time";
    private const double MicrosecondsPerMillisecond = 1000;

    /// <param name="path">The file.</param>
    /// <param name="skippedRuns">First runs of each node that do not count.</param>
    public static IEnumerable<OperatorTime> Read(string path, int skippedRuns)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. document.RootElement.EnumerateArray()
            .Where(item => item.GetProperty("cat").GetString() == "Node" && Name(item).EndsWith(KernelSuffix, StringComparison.Ordinal))
            .GroupBy(Name)
            .Where(runs => runs.Count() > skippedRuns)
            .Select(runs => new OperatorTime(
                runs.First().GetProperty("args").GetProperty("op_name").GetString() ?? "", runs.Key[..^KernelSuffix.Length],
                runs.Skip(skippedRuns).Average(item => item.GetProperty("dur").GetDouble()) / MicrosecondsPerMillisecond))];
    }

    private static string Name(JsonElement item) => item.GetProperty("name").GetString() ?? "";
}
