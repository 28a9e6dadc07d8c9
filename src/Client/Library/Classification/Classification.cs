namespace BiT.Client;

/// <summary>What a model version sees in a batch of images.</summary>
/// <param name="ModelVersion">The version that answered, <c>models/{model}/versions/{version}</c>.</param>
/// <param name="Images">One outcome per image, in the order of the request.</param>
public sealed record ClassificationReply(string ModelVersion, IReadOnlyList<ClassifiedImage> Images);

/// <summary>The outcome for one image: predictions, or why it was refused.</summary>
/// <param name="Predictions">Most probable class first; empty if the image was refused.</param>
/// <param name="Error">Why the image was refused; null if it was not.</param>
public sealed record ClassifiedImage(IReadOnlyList<Prediction> Predictions, BitException? Error);

/// <summary>One class and its probability.</summary>
/// <param name="Label">The class name, as the data set named it.</param>
/// <param name="Probability">Softmax probability, 0 to 1.</param>
/// <param name="ClassIndex">Position of the class in the model's label list, from 0.</param>
public sealed record Prediction(string Label, float Probability, int ClassIndex);

/// <summary>The outcome for one file.</summary>
/// <param name="Path">The file, as the caller named it.</param>
/// <param name="ModelVersion">The version that answered; empty if the file could not be read.</param>
/// <param name="Predictions">Most probable class first; empty on an error.</param>
/// <param name="Error">Why there are no predictions; null if there are.</param>
public sealed record ClassifiedFile(string Path, string ModelVersion, IReadOnlyList<Prediction> Predictions, BitException? Error);
