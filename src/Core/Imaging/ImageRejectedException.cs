namespace BiT.Core.Imaging;

/// <summary>An image that cannot be used. The other images of a request are not affected.</summary>
/// <param name="problem">What is wrong.</param>
/// <param name="message">What was expected, what came, and the cure; fit for the caller's eyes.</param>
public sealed class ImageRejectedException(ImageProblem problem, string message) : Exception(message)
{
    /// <summary>What is wrong.</summary>
    public ImageProblem Problem { get; } = problem;
}
