namespace BiT.Core.Imaging;

/// <summary>A part of an upright photo, in its own pixels.</summary>
/// <param name="Left">First column.</param>
/// <param name="Top">First row.</param>
/// <param name="Width">Columns, at least 1.</param>
/// <param name="Height">Rows, at least 1.</param>
public readonly record struct PhotoWindow(int Left, int Top, int Width, int Height)
{
    /// <summary>The same part of a picture of another size, rounded to whole pixels; never empty.</summary>
    internal PhotoWindow ScaledTo(int fromWidth, int fromHeight, int toWidth, int toHeight)
    {
        var (left, width) = Scaled(Left, Width, fromWidth, toWidth);
        var (top, height) = Scaled(Top, Height, fromHeight, toHeight);
        return new PhotoWindow(left, top, width, height);
    }

    private static (int Start, int Length) Scaled(int start, int length, int from, int to)
    {
        var first = Math.Min((int)(((long)start * to + from / 2) / from), to - 1);
        var end = (int)((((long)start + length) * to + from / 2) / from);
        return (first, Math.Clamp(end, first + 1, to) - first);
    }
}
