using BiT.Core.Classification;

namespace BiT.Serving.Hosting;

/// <summary>Heads in memory, shared by hash; the ones unused for longest go first. Heads hold no native memory, so one in use may
/// go.</summary>
internal sealed class HeadCache(Func<string, LinearHead> load, int maxLoadedHeads)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Hash, LinearHead Head)>> _nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Hash, LinearHead Head)> _byUse = new();

    public LinearHead Get(string hash)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(hash, out var known))
            {
                _byUse.Remove(known);
                _byUse.AddFirst(known);
                return known.Value.Head;
            }
        }
        // Two callers may load the same head at once; a few megabytes, and equal.
        var head = load(hash);
        lock (_lock)
        {
            if (_nodes.TryGetValue(hash, out var known))
                return known.Value.Head;
            _nodes[hash] = _byUse.AddFirst((hash, head));
            if (_byUse.Count > maxLoadedHeads && _byUse.Last is { } last)
            {
                _byUse.RemoveLast();
                _nodes.Remove(last.Value.Hash);
            }
            return head;
        }
    }
}
