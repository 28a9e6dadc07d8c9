using System.Runtime.CompilerServices;

namespace BiT.Client;

/// <summary>Walks through the pages of a list, asking for the next one only when it is needed.</summary>
internal static class Pages
{
    internal static async IAsyncEnumerable<T> WalkAsync<T>(
        Func<string, CancellationToken, Task<(IEnumerable<T> Items, string NextPageToken)>> fetch,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var token = ""; ;)
        {
            var (items, next) = await fetch(token, cancellationToken).ConfigureAwait(false);
            foreach (var item in items)
                yield return item;
            if (next.Length == 0)
                yield break;
            // A token that repeats itself would make an endless loop out of a server's mistake.
            if (next == token)
                throw new InvalidDataException($"The service returned the page token '{token}' for the page after it.");
            token = next;
        }
    }
}
