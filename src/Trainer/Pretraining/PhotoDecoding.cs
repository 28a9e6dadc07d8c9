using BiT.Core.Imaging;

namespace BiT.Training.Pretraining;

/// <summary>Reads and decodes photos of a set, of which a few may be broken.</summary>
internal static class PhotoDecoding
{
    /// <summary>Reads a photo and hands its bytes to a decoder.</summary>
    /// <param name="photo">The photo.</param>
    /// <param name="broken">Is told if the photo cannot be used.</param>
    /// <param name="decode">Decodes; throws <see cref="ImageRejectedException"/> for what it cannot.</param>
    /// <returns>False if the photo is broken.</returns>
    /// <exception cref="BrokenPhotosException">Too many photos are broken.</exception>
    /// <exception cref="IOException">The disk or the file failed, which says nothing about the photo.</exception>
    public static bool TryDecode(this LabelledPhoto photo, BrokenPhotos broken, Action<byte[]> decode)
    {
        try
        {
            decode(photo.Source.Read(photo.Index));
            return true;
        }
        catch (Exception problem) when (problem is ImageRejectedException or InvalidDataException)
        {
            broken.Add(photo.FullName, problem.Message);
            return false;
        }
    }

    /// <summary>Runs a body for 0 .. count-1 on several threads; what it throws comes out as it is.</summary>
    public static void ForEach(int count, int threads, Action<int> body)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
        }
        catch (AggregateException failures)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }
}
