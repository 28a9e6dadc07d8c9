namespace BiT.CommandLine;

/// <summary>A black and white picture in text: braille characters with 2 x 4 dots each, or stars where only ASCII can be shown.</summary>
/// <param name="columns">Width in characters, at least 1.</param>
/// <param name="rows">Height in characters, at least 1.</param>
internal sealed class DotCanvas(int columns, int rows)
{
    private const int DotsAcross = 2;
    private const int DotsDown = 4;
    private const char EmptyBraille = '\u2800';

    // Unicode, Braille Patterns: the bit of the dot at (x, y) within a character.
    private static readonly byte[,] Bits = { { 0x01, 0x02, 0x04, 0x40 }, { 0x08, 0x10, 0x20, 0x80 } };

    private readonly byte[,] _cells = new byte[rows, columns];

    /// <summary>Width in dots.</summary>
    public int Width => columns * DotsAcross;

    /// <summary>Height in dots.</summary>
    public int Height => rows * DotsDown;

    /// <summary>Draws a straight line between two dots; (0, 0) is at the top left.</summary>
    public void Line((int X, int Y) from, (int X, int Y) to)
    {
        var steps = Math.Max(Math.Abs(to.X - from.X), Math.Abs(to.Y - from.Y));
        for (var step = 0; step <= steps; step++)
            Set(Between(from.X, to.X, step, steps), Between(from.Y, to.Y, step, steps));
    }

    /// <summary>The rows from top to bottom, without blanks at their ends.</summary>
    /// <param name="unicode">Whether braille can be shown.</param>
    public IReadOnlyList<string> ToLines(bool unicode) => [.. Enumerable.Range(0, rows).Select(row =>
        string.Concat(Enumerable.Range(0, columns).Select(column => Glyph(_cells[row, column], unicode))).TrimEnd())];

    private void Set(int x, int y) => _cells[y / DotsDown, x / DotsAcross] |= Bits[x % DotsAcross, y % DotsDown];

    private static int Between(int from, int to, int step, int steps) =>
        steps == 0 ? from : from + (int)Math.Round((double)(to - from) * step / steps, MidpointRounding.AwayFromZero);

    private static char Glyph(byte dots, bool unicode) => dots == 0 ? ' ' : unicode ? (char)(EmptyBraille + dots) : '*';
}
