namespace BiT.Training.Planning;

/// <summary>A pre-trained backbone that comes with the trainer.</summary>
/// <param name="Name">Name of its file, without ending.</param>
/// <param name="Sha256">sha256 of its file, hexadecimal: a run that is resumed or repeated starts from the same bytes or not at all.</param>
public sealed record ShippedBackbone(string Name, string Sha256);
