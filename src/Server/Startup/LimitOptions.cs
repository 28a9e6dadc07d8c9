using System.ComponentModel.DataAnnotations;
using BiT.Core.Imaging;

namespace BiT.Serving.Startup;

/// <summary>What a caller may send. Section <c>Limits</c>. The error that a limit causes names it.</summary>
internal sealed record LimitOptions
{
    /// <summary>Images in one Classify request.</summary>
    [Range(1, 1024)]
    public int MaxImagesPerRequest { get; init; } = 64;

    /// <summary>Encoded size of one image.</summary>
    [Range(1024L, 512L << 20)]
    public long MaxImageBytes { get; init; } = 20L << 20;

    /// <summary>Width and height of one image, in pixels.</summary>
    [Range(16, 65_535)]
    public int MaxImageSide { get; init; } = 20_000;

    /// <summary>Area of one image, in pixels.</summary>
    [Range(256L, 1_000_000_000L)]
    public long MaxImagePixels { get; init; } = 50_000_000;

    /// <summary>Area of all images being decoded at one time, in pixels; about four bytes each. A larger image is decoded alone.</summary>
    [Range(256L, 10_000_000_000L)]
    public long MaxPixelsInFlight { get; init; } = 200_000_000;

    /// <summary>Encoded size of one request message.</summary>
    [Range(1024L, 1L << 30)]
    public long MaxRequestBytes { get; init; } = 128L << 20;

    /// <summary>Photos in one data set, the rejected ones included.</summary>
    [Range(2, 10_000_000)]
    public int MaxDatasetPhotos { get; init; } = 200_000;

    /// <summary>Encoded size of all photos of one data set, and of the archive that brings them.</summary>
    [Range(1024L, 1L << 50)]
    public long MaxDatasetBytes { get; init; } = 50L << 30;

    /// <summary>Entries of one archive: photos, folders, and what is not taken for a photo. Each takes some hundred bytes of memory while
    /// the archive is read.</summary>
    [Range(2, 20_000_000)]
    public int MaxArchiveEntries { get; init; } = 500_000;

    /// <summary>Classes of one data set.</summary>
    [Range(2, 100_000)]
    public int MaxDatasetClasses { get; init; } = 10_000;

    /// <summary>Unusable photos in one upload: more, and it is not a folder of photos.</summary>
    [Range(0, 100_000)]
    public int MaxRejectedPhotos { get; init; } = 5_000;

    /// <summary>Uploads at one time; each holds one encoded photo in memory.</summary>
    [Range(1, 1024)]
    public int MaxConcurrentUploads { get; init; } = 8;

    /// <summary>Size of one imported model file.</summary>
    [Range(1024L, 1L << 50)]
    public long MaxImportBytes { get; init; } = 8L << 30;

    /// <summary>Downloads of model files at one time; each holds a quarter of a megabyte in memory.</summary>
    [Range(1, 1024)]
    public int MaxConcurrentDownloads { get; init; } = 16;

    /// <summary>How long a download waits for a client that takes nothing.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DownloadIdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an upload may send nothing.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan UploadIdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Calls at one time that wait for work of a trainer: estimates, previews, evaluations, imports, compositions.</summary>
    [Range(1, 1024)]
    public int MaxWaitingTasks { get; init; } = 32;

    /// <summary>How long such a call waits while no trainer takes up any of them.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan TaskPickupTimeout { get; init; } = TimeSpan.FromMinutes(2);

    public ImageLimits ToImageLimits() =>
        new() { MaxImageBytes = MaxImageBytes, MaxImageSide = MaxImageSide, MaxImagePixels = MaxImagePixels };
}
