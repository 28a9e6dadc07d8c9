namespace BiT.Training.Planning;

/// <summary>The crops that a plan chooses from, and the resize that goes with each.</summary>
internal static class CropLadder
{
    // HyperRule's 128 and 480, the tutorial's 224, and steps of about 1.4 between and below them.
    private static readonly int[] Crops = [64, 96, 128, 160, 224, 384, 480];

    /// <summary>Crops worth trying for photos of a size, ascending; at least one.</summary>
    /// <param name="medianArea">Pixels.</param>
    /// <param name="isPretrained">Pre-trained networks have learned from large objects: enlarging small photos to 128 px pays there
    /// (HyperRule), from random weights it only costs time.</param>
    public static IReadOnlyList<int> For(long medianArea, bool isPretrained)
    {
        double side = Math.Sqrt(medianArea);
        int warranted = Array.Find(Crops, crop => crop >= side) is var enough and > 0 ? enough : Crops[^1];
        if (isPretrained) warranted = Math.Max(warranted, 128);
        int limit = Math.Min(warranted, HyperRule.ResolutionOf(medianArea).Crop);
        return Array.FindAll(Crops, crop => crop <= limit);
    }

    /// <summary>The resize that leaves room for a random crop.</summary>
    /// <remarks>HyperRule's own pairs where there is one, else 8/7 of the crop (the usual 256 for 224), as a multiple of 8.</remarks>
    public static int ResizeFor(int crop) => crop switch
    {
        128 => 160,
        480 => 512,
        _ => Math.Max(crop, Math.Min(OverrideRules.MaxSide, (int)Math.Round(crop / 7.0) * 8)),
    };
}
