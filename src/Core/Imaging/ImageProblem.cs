namespace BiT.Core.Imaging;

/// <summary>Why an image was refused. Each needs another cure by the caller.</summary>
public enum ImageProblem
{
    /// <summary>The bytes begin like no image format that is known here.</summary>
    NotAnImage,

    /// <summary>An image, but not JPEG, PNG, WebP, GIF or BMP.</summary>
    UnsupportedFormat,

    /// <summary>The file ends before the image does.</summary>
    Truncated,

    /// <summary>The file is damaged.</summary>
    Corrupt,

    /// <summary>More encoded bytes than <see cref="ImageLimits.MaxImageBytes"/>.</summary>
    TooManyBytes,

    /// <summary>A larger area than <see cref="ImageLimits.MaxImagePixels"/>.</summary>
    TooManyPixels,

    /// <summary>A longer side than <see cref="ImageLimits.MaxImageSide"/>.</summary>
    SideTooLong,

    /// <summary>No bytes at all, or a picture without pixels.</summary>
    Empty,
}

/// <summary>Names of <see cref="ImageProblem"/> on the wire.</summary>
public static class ImageProblems
{
    /// <summary>The reason in UPPER_SNAKE_CASE, for example <c>NOT_AN_IMAGE</c>; part of the public protocol, so it never
    /// changes.</summary>
    public static string ToReason(this ImageProblem problem) => problem switch
    {
        ImageProblem.NotAnImage => "NOT_AN_IMAGE",
        ImageProblem.UnsupportedFormat => "UNSUPPORTED_FORMAT",
        ImageProblem.Truncated => "TRUNCATED",
        ImageProblem.Corrupt => "CORRUPT",
        ImageProblem.TooManyBytes => "TOO_MANY_BYTES",
        ImageProblem.TooManyPixels => "TOO_MANY_PIXELS",
        ImageProblem.SideTooLong => "SIDE_TOO_LONG",
        ImageProblem.Empty => "EMPTY",
        _ => throw new ArgumentOutOfRangeException(nameof(problem), problem, "Unknown image problem."),
    };
}
