namespace BiT.Core.Imaging;

/// <summary>How large an image may be. A value equal to a limit is allowed.</summary>
public sealed record ImageLimits
{
    /// <summary>Encoded size in bytes, at least 1. Default 20 MiB.</summary>
    public long MaxImageBytes { get; init; } = 20L << 20;

    /// <summary>Width and height in pixels, each, at least 1. Default 20,000.</summary>
    public int MaxImageSide { get; init; } = 20_000;

    /// <summary>Width times height in pixels, at least 1. Default 50,000,000.</summary>
    /// <remarks>A decoded pixel takes 4 bytes, 8 while the picture is turned.</remarks>
    public long MaxImagePixels { get; init; } = 50_000_000;

    /// <summary>Limits for photos that are in the store: they were held to the limits of their day, and must stay readable when those are
    /// lowered.</summary>
    public static ImageLimits OfStoredPhotos { get; } =
        new() { MaxImageBytes = int.MaxValue, MaxImageSide = 65_500, MaxImagePixels = 1_000_000_000 };

    internal void CheckBytes(int length)
    {
        if (length == 0)
        {
            throw new ImageRejectedException(
                ImageProblem.Empty, "The image has no bytes. Send the content of a JPEG, PNG, WebP, GIF or BMP file.");
        }
        if (length > MaxImageBytes)
        {
            throw new ImageRejectedException(ImageProblem.TooManyBytes,
                $"The image has {length:N0} bytes; the limit is MaxImageBytes = {MaxImageBytes:N0}. Compress it or raise the limit.");
        }
    }

    internal void CheckSize(long width, long height)
    {
        if (width <= 0 || height <= 0)
        {
            throw new ImageRejectedException(
                ImageProblem.Empty, $"The image is {width:N0} x {height:N0} pixels; expected at least one pixel. Export it again.");
        }
        if (Math.Max(width, height) > MaxImageSide)
        {
            throw new ImageRejectedException(ImageProblem.SideTooLong,
                $"The image is {width:N0} x {height:N0} pixels; the limit is MaxImageSide = {MaxImageSide:N0}. "
                + "Resize it or raise the limit.");
        }
        if (width * height > MaxImagePixels)
        {
            throw new ImageRejectedException(ImageProblem.TooManyPixels,
                $"The image is {width:N0} x {height:N0} = {width * height:N0} pixels; "
                + $"the limit is MaxImagePixels = {MaxImagePixels:N0}. Resize it or raise the limit.");
        }
    }
}
