namespace BiT.Bench.Workloads;

/// <summary>Reads baselines/plain-graphs.txt: the pinned hashes of the plain graphs. Lines: bench, network, batch, size, sha256.</summary>
internal sealed class PinnedHashes
{
    private readonly Dictionary<string, string> _hashes;

    private PinnedHashes(Dictionary<string, string> hashes) => _hashes = hashes;

    /// <summary>The file of this build.</summary>
    public static PinnedHashes Load()
    {
        using var stream = typeof(PinnedHashes).Assembly.GetManifestResourceStream("plain-graphs.txt")
            ?? throw new InvalidOperationException("The program was built without bench/baselines/plain-graphs.txt.");
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd());
    }

    /// <exception cref="InvalidDataException">A line has another form.</exception>
    public static PinnedHashes Parse(string text)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line[0] != '#'))
        {
            if (line.Split(' ') is not [var bench, var network, var batch, var size, { Length: 64 } hash])
                throw new InvalidDataException($"Line '{line}' of baselines/plain-graphs.txt: expected bench, network, batch, size and a sha256, one space between.");
            if (!hashes.TryAdd($"{bench} {network} {batch} {size}", hash))
                throw new InvalidDataException($"baselines/plain-graphs.txt has two lines for {bench} {network} {batch} {size}; keep one.");
        }
        return new PinnedHashes(hashes);
    }

    /// <summary>Bench, network, batch and size of each line, one space between.</summary>
    public IEnumerable<string> Keys => _hashes.Keys;

    public static string Key(string bench, Workload workload) => $"{bench} {workload.Network.Name} {workload.Batch} {workload.Size}";

    /// <summary>Whether the plain graph of a workload is pinned.</summary>
    /// <exception cref="InvalidOperationException">It is, and this code builds another one.</exception>
    public bool Check(string bench, Workload workload, string hash)
    {
        if (!_hashes.TryGetValue(Key(bench, workload), out var pinned))
            return false;
        return pinned == hash ? true : throw new InvalidOperationException(
            $"The plain graph of {Key(bench, workload)} has hash {hash}; bench/baselines/plain-graphs.txt pins {pinned}. Ratios would not compare with "
            + "those of earlier results: undo the change of the plain graph, or pin the new hash and say so in bench/results.");
    }
}
