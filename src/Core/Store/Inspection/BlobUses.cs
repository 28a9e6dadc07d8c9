namespace BiT.Core.Store;

/// <summary>Who needs which blob, for messages.</summary>
internal sealed class BlobUses
{
    private const int MostNamed = 3;

    private readonly Dictionary<string, Use> _uses = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Hashes => _uses.Keys;

    /// <param name="length">Its size, where the row tells.</param>
    public void Add(string hash, string user, long? length = null)
    {
        if (!_uses.TryGetValue(hash, out var use))
            _uses.Add(hash, use = new Use());
        use.Count++;
        use.Length ??= length;
        if (use.Named.Count < MostNamed)
            use.Named.Add(user);
    }

    public bool Contains(string hash) => _uses.ContainsKey(hash);

    public long? LengthOf(string hash) => _uses[hash].Length;

    public string UsersOf(string hash) => _uses[hash] is var use && use.Count > use.Named.Count
        ? WorkspaceInspection.Invariant($"{string.Join(", ", use.Named)} and {use.Count - use.Named.Count} more")
        : string.Join(", ", use.Named);

    private sealed class Use
    {
        public int Count { get; set; }
        public long? Length { get; set; }
        public List<string> Named { get; } = [];
    }
}
