using System.Globalization;

namespace BiT.Tests.Unit.Oracle;

/// <summary>The worst deviation of each kind in one oracle file, against its limit.</summary>
internal sealed class OracleReport(string name)
{
    private readonly Dictionary<string, Entry> _worst = [];
    private readonly List<string> _notChecked = [];

    public bool Passed => _worst.Count > 0 && _worst.Values.All(entry => entry.Deviation <= entry.Limit);

    public void Add(string kind, double deviation, double limit, string where = "")
    {
        // NaN must not hide behind a smaller number.
        if (double.IsNaN(deviation))
            deviation = double.PositiveInfinity;
        if (!_worst.TryGetValue(kind, out var worst) || deviation > worst.Deviation)
            _worst[kind] = new Entry(deviation, limit, where);
    }

    public void AddWorst(string kind, IReadOnlyCollection<double>? expected, IEnumerable<double> actual, double limit)
    {
        if (expected is null)
        {
            NotChecked(kind);
            return;
        }
        var values = actual.ToArray();
        if (values.Length != expected.Count)
            Add(kind, double.PositiveInfinity, limit, $"{values.Length} values instead of {expected.Count}");
        foreach (var (a, e) in values.Zip(expected))
            Add(kind, Math.Abs(a - e), limit);
    }

    public void NotChecked(string kind) => _notChecked.Add(kind);

    public override string ToString()
    {
        var parts = _worst.Select(entry => string.Create(CultureInfo.InvariantCulture,
            $"{entry.Key} {entry.Value.Deviation:0.0e+0} of {entry.Value.Limit:0.0e+0}{(entry.Value.Failed ? $" FAILED {entry.Value.Where}" : "")}"));
        var skipped = _notChecked.Count == 0 ? "" : $"; not checked: {string.Join(", ", _notChecked)}";
        return $"{(Passed ? "passed" : "FAILED")} {name}: {string.Join(", ", parts)}{skipped}";
    }

    private sealed record Entry(double Deviation, double Limit, string Where)
    {
        public bool Failed => Deviation > Limit;
    }
}
