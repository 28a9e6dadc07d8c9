using System.Runtime.InteropServices;
using SkiaSharp;

namespace BiT.CommandLine.Demo;

/// <summary>Exposure, colour cast, contrast and grain, as a cheap camera adds them.</summary>
internal static class Camera
{
    public static void Expose(SKBitmap bitmap, Randomness random)
    {
        var contrast = random.Between(0.8f, 1.15f);
        var brightness = random.Between(-22f, 22f);
        var grain = random.Between(3f, 14f);
        Span<float> cast = [random.Between(-9, 9), random.Between(-9, 9), random.Between(-9, 9)];
        var pixels = bitmap.GetPixelSpan();
        var writable = MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(pixels), pixels.Length);
        for (var offset = 0; offset < writable.Length; offset += 4)
        {
            // Sum of three uniform numbers: near enough to normal, and the same on every machine.
            var shared = (random.Unit() + random.Unit() + random.Unit() - 1.5f) * grain * 1.4f;
            for (var channel = 0; channel < 3; channel++)
            {
                var value = (writable[offset + channel] - 128) * contrast + 128 + brightness + cast[channel] + shared
                    + (random.Unit() - 0.5f) * grain;
                writable[offset + channel] = (byte)Math.Clamp(value, 0, 255);
            }
        }
    }
}
