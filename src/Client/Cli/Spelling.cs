namespace BiT.CommandLine;

/// <summary>What somebody may have meant who wrote a word that does not exist.</summary>
internal static class Spelling
{
    private const int MostChanges = 2;

    /// <summary>The nearest of the known words; null if none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> known) => known
        .Select(candidate => (Candidate: candidate, Changes: Distance(word, candidate)))
        .Where(found => found.Changes <= MostChanges && found.Changes * 2 < word.Length)
        .OrderBy(found => found.Changes).ThenBy(found => found.Candidate, StringComparer.Ordinal)
        .FirstOrDefault().Candidate;

    // Damerau and Levenshtein: letters inserted, left out, replaced, or swapped with their neighbour.
    private static int Distance(string left, string right)
    {
        var changes = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
            changes[i, 0] = i;
        for (var j = 0; j <= right.Length; j++)
            changes[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = changes[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                changes[i, j] = Math.Min(replaced, Math.Min(changes[i - 1, j], changes[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    changes[i, j] = Math.Min(changes[i, j], changes[i - 2, j - 2] + 1);
            }
        }
        return changes[left.Length, right.Length];
    }
}
