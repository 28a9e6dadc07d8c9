using BiT.Client;

namespace BiT.CommandLine;

/// <summary>How a person names a stored data set: its name, the beginning of its id, or what it is called.</summary>
internal static class DatasetReference
{
    public const string Rule = "datasets/ID, the first 8 or more digits of the ID, or what the data set is called if no other is.";

    private const string Collection = "datasets/";
    private const int IdLength = 64;
    private const int LeastPrefixLength = 8;
    private const int ShortIdLength = 12;
    private const int MaxShown = 5;

    /// <summary>Finds it.</summary>
    /// <exception cref="CommandException">None, or more than one, is meant.</exception>
    /// <exception cref="BitException">The service refused.</exception>
    public static async Task<Dataset> FindAsync(BitClient client, string name, CancellationToken cancellationToken)
    {
        var id = name.StartsWith(Collection, StringComparison.Ordinal) ? name[Collection.Length..] : name;
        var isPrefix = id.Length is >= LeastPrefixLength and < IdLength && id.All(char.IsAsciiHexDigitLower);
        var isWhole = id.Length == IdLength && id.All(char.IsAsciiHexDigitLower);
        if (isWhole || (!isPrefix && id.Length < name.Length))
            return await client.GetDatasetAsync(id, cancellationToken);

        var mayBeCalled = id.Length == name.Length;
        var meant = await client.ListDatasetsAsync(cancellationToken)
            .Where(dataset => (isPrefix && ResourceName.Id(dataset.Name).StartsWith(id, StringComparison.Ordinal))
                || (mayBeCalled && dataset.DisplayName == name))
            .ToListAsync(cancellationToken);
        return meant.Count switch
        {
            1 => meant[0],
            0 => throw new CommandException(ExitCodes.NotFound, "DATASET_NOT_FOUND",
                $"There is no data set '{name}'. `bit datasets` shows those that exist."),
            _ => throw new CommandException(ExitCodes.Refused, "AMBIGUOUS_NAME",
                $"'{name}' means {meant.Count} data sets: {string.Join(", ", meant.Take(MaxShown).Select(Describe))}"
                + $"{(meant.Count > MaxShown ? ", ..." : "")}. Name one by its id."),
        };
    }

    /// <summary>Enough of the id to name the data set again.</summary>
    public static string ShortIdOf(Dataset dataset)
    {
        var id = ResourceName.Id(dataset.Name);
        return id.Length <= ShortIdLength ? id : id[..ShortIdLength];
    }

    private static string Describe(Dataset dataset) => $"{Collection}{ShortIdOf(dataset)} ({dataset.DisplayName})";
}
