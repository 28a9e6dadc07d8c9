namespace BiT.Core.Imaging;

/// <summary>What an image file says about itself before its pixels are decoded.</summary>
/// <param name="Format"><c>JPEG</c>, <c>PNG</c>, <c>WebP</c>, <c>GIF</c> or <c>BMP</c>.</param>
/// <param name="Width">Width in pixels as the picture is looked at, after <paramref name="Orientation"/> is applied.</param>
/// <param name="Height">Height in pixels, likewise.</param>
/// <param name="Orientation">EXIF orientation, 1 to 8; 1 where the file has none or an invalid one.</param>
public sealed record ImageHeader(string Format, int Width, int Height, int Orientation);
