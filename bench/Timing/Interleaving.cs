using System.Diagnostics;
using BiT.Bench.Workloads;

namespace BiT.Bench.Timing;

/// <summary>Times several forms in turns, so that whatever slows the machine down meets all of them.</summary>
internal static class Interleaving
{
    /// <summary>Runs of each form that are not timed.</summary>
    public const int WarmUps = 2;


    /// <param name="forms">Run in this order in every round.</param>
    /// <param name="rounds">Timed runs of each, at least 1.</param>
    /// <returns>One sample per form.</returns>
    public static Sample[] Time(IReadOnlyList<ITimedForm> forms, int rounds)
    {
        var times = forms.Select(_ => new List<double>(rounds)).ToArray();
        for (var round = -WarmUps; round < rounds; round++)
        {
            for (var index = 0; index < forms.Count; index++)
            {
                var start = Stopwatch.GetTimestamp();
                forms[index].Run();
                if (round >= 0)
                    times[index].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        return [.. times.Select(list => new Sample(list))];
    }
}
