namespace BiT.Training.Artifacts;

/// <summary>Artifacts that cannot be made, or files that are none. The message says which limit or rule, and the cure.</summary>
public sealed class ArtifactException : Exception
{
    public ArtifactException(string message)
        : base(message)
    {
    }

    public ArtifactException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
