using BiT.Training.Datasets;

namespace BiT.Tests.Unit.Datasets;

public sealed class PixelConversionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ToPlanes_Crop_TakesTheWindowAndMirrorsIt(bool mirrored)
    {
        // 4 x 4; the byte of a pixel names its row, column and channel.
        var pixels = new byte[48];
        for (var index = 0; index < 48; index++)
            pixels[index] = (byte)(index / 12 * 40 + index / 3 % 4 * 10 + index % 3);
        var planes = new float[12];

        PixelConversion.ToPlanes(pixels, 4, new CropWindow(1, 2, 2, mirrored), planes);

        for (var channel = 0; channel < 3; channel++)
        {
            for (var y = 0; y < 2; y++)
            {
                for (var x = 0; x < 2; x++)
                {
                    var value = (y + 2) * 40 + (1 + (mirrored ? 1 - x : x)) * 10 + channel;
                    Assert.Equal((value - 127.5f) / 127.5f, planes[channel * 4 + y * 2 + x]);
                }
            }
        }
    }
}
