using System.Buffers.Text;
using System.Text;

namespace BiT.Core.Store;

/// <summary>One page of a listing.</summary>
/// <param name="Items">At most as many as were asked for.</param>
/// <param name="NextPageToken">Token of the next page; null on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextPageToken);

/// <summary>Opaque tokens that say behind which key a listing goes on, and which listing that is.</summary>
internal static class Paging
{
    public const int DefaultPageSize = 50;
    public const int MaxPageSize = 1000;

    /// <summary>0 means the default; more than the maximum counts as the maximum.</summary>
    public static int Size(int pageSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pageSize);
        return pageSize == 0 ? DefaultPageSize : Math.Min(pageSize, MaxPageSize);
    }

    /// <summary>The key after which the page begins, or null for the first page.</summary>
    /// <param name="listing">Name of the listing that must have made the token.</param>
    /// <exception cref="InvalidPageTokenException">The token is damaged or another listing's.</exception>
    public static string? Key(string listing, string? token)
    {
        if (string.IsNullOrEmpty(token))
            return null;
        if (token.Length <= 1000 && Base64Url.IsValid(token))
        {
            var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token));
            if (text.StartsWith(listing + "\n", StringComparison.Ordinal))
                return text[(listing.Length + 1)..];
        }
        throw new InvalidPageTokenException(
            $"Page token '{(token.Length <= 100 ? token : token[..100] + "...")}' was not made by the listing of {listing}. "
            + "Pass the token of the previous page unchanged, or none for the first page.");
    }

    /// <summary>As <see cref="Key"/>, for listings whose key is a number.</summary>
    public static long? NumberKey(string listing, string? token)
    {
        if (Key(listing, token) is not { } key)
            return null;
        return long.TryParse(key, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidPageTokenException($"Page token '{token}' holds no position. "
                + "Pass the token of the previous page unchanged.");
    }

    /// <summary>Makes a page of rows of which one more than <paramref name="size"/> was asked for.</summary>
    public static Page<T> Cut<T>(string listing, List<T> rows, int size, Func<T, object> key)
    {
        if (rows.Count <= size)
            return new Page<T>(rows, null);
        rows.RemoveRange(size, rows.Count - size);
        var text = FormattableString.Invariant($"{listing}\n{key(rows[^1])}");
        return new Page<T>(rows, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text)));
    }
}
