using BiT.Core.Imaging;

namespace BiT.Training.Pretraining;

/// <summary>Reads and decodes single photos of a set, of which a few may be broken.</summary>
internal static class PhotoDecoding
{
    /// <summary>Reads a photo and hands its bytes to a decoder.</summary>
    /// <param name="photo">The photo.</param>
    /// <param name="broken">Is told if the photo cannot be used.</param>
    /// <param name="decode">Decodes; throws <see cref="ImageRejectedException"/> for what it cannot.</param>
    /// <returns>False if the photo is broken.</returns>
    /// <exception cref="PhotoSetException">Too many photos are broken.</exception>
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
}
