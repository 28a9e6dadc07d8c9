using BiT.Core.Imaging;

namespace BiT.Training.Pretraining;

/// <summary>How large a photo may be.</summary>
internal static class ReadLimits
{
    public static readonly ImageLimits Image = new();

    public static long MaxPhotoBytes => Image.MaxImageBytes;

    /// <exception cref="InvalidDataException">The photo is larger.</exception>
    public static void Check(long bytes)
    {
        if (bytes > MaxPhotoBytes)
            throw new InvalidDataException($"It has {bytes:N0} bytes; the limit is {MaxPhotoBytes:N0}. Make it smaller, or leave it out.");
    }
}
