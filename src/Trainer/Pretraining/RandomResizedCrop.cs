using BiT.Core.Imaging;
using BiT.Training.Randomness;

namespace BiT.Training.Pretraining;

/// <summary>Chooses a part of random area and aspect ratio at a random place.</summary>
/// <remarks>Source: "Going deeper with convolutions" (Inception), section 6, as torchvision's RandomResizedCrop: area uniform, logarithm of the
/// ratio uniform, ten tries, then the largest centred part within the ratios.</remarks>
/// <param name="MinArea">Smallest part of the photo's area, over 0.</param>
/// <param name="MaxArea">Largest part, at most 1.</param>
/// <param name="MinRatio">Smallest width / height, over 0.</param>
/// <param name="MaxRatio">Largest width / height.</param>
internal sealed record RandomResizedCrop(double MinArea, double MaxArea, double MinRatio, double MaxRatio)
{
    private const int Tries = 10;

    public PhotoWindow Choose(ref CounterRandom random, int width, int height)
    {
        for (var trial = 0; trial < Tries; trial++)
        {
            var area = (MinArea + (MaxArea - MinArea) * random.NextDouble()) * width * height;
            var ratio = Math.Exp(Math.Log(MinRatio) + (Math.Log(MaxRatio) - Math.Log(MinRatio)) * random.NextDouble());
            var (partWidth, partHeight) = (Rounded(Math.Sqrt(area * ratio)), Rounded(Math.Sqrt(area / ratio)));
            if (partWidth <= width && partHeight <= height)
                return new PhotoWindow(random.NextInt32(width - partWidth + 1), random.NextInt32(height - partHeight + 1), partWidth, partHeight);
        }
        return Largest(width, height);
    }

    private PhotoWindow Largest(int width, int height)
    {
        var ratio = Math.Clamp((double)width / height, MinRatio, MaxRatio);
        var partWidth = Math.Min(width, Rounded(height * ratio));
        var partHeight = Math.Min(height, Rounded(width / ratio));
        return new PhotoWindow((width - partWidth) / 2, (height - partHeight) / 2, partWidth, partHeight);
    }

    private static int Rounded(double length) => Math.Max(1, (int)Math.Round(length));
}
