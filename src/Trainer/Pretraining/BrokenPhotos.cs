namespace BiT.Training.Pretraining;

/// <summary>The photos of a run that cannot be decoded: told once each, left out, and limited. Safe for several threads.</summary>
/// <param name="limit">Most of them.</param>
/// <param name="log">Receives a line for each.</param>
internal sealed class BrokenPhotos(int limit, Action<string> log)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _names = [];

    /// <summary>Different photos so far.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _names.Count;
        }
    }

    /// <exception cref="BrokenPhotosException">There are more than the limit.</exception>
    public void Add(string name, string problem)
    {
        lock (_lock)
        {
            if (!_names.Add(name))
                return;
            if (_names.Count > limit)
            {
                throw new BrokenPhotosException($"{_names.Count} photos are broken; expected at most {limit} (--max-broken). The last is {name}: {problem} "
                    + "Repair the set, or raise the limit.");
            }
            log($"Photo left out: {name}: {problem}");
        }
    }
}

/// <summary>Too many photos cannot be decoded.</summary>
internal sealed class BrokenPhotosException(string message) : Exception(message);
