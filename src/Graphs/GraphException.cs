namespace BiT.Graphs;

/// <summary>A program that is not well formed: unknown operator, wrong shape or type, no gradient. The message says what was expected,
/// what came and where.</summary>
public sealed class GraphException : Exception
{
    public GraphException(string message)
        : base(message)
    {
    }

    public GraphException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
