using System.Globalization;

namespace BiT.Graphs;

/// <summary>One dimension of a shape: a size, or a symbol that is bound when the program runs.</summary>
public readonly record struct Dimension
{
    private Dimension(long size, string? symbol)
    {
        SizeOrMinusOne = size;
        Symbol = symbol;
    }

    private long SizeOrMinusOne { get; }

    /// <summary>Name of the symbol, or null for a static dimension.</summary>
    public string? Symbol { get; }

    public bool IsStatic => Symbol is null;

    /// <summary>The size of a static dimension.</summary>
    /// <exception cref="GraphException">The dimension is symbolic.</exception>
    public long Size => IsStatic ? SizeOrMinusOne : throw new GraphException($"Dimension '{Symbol}' is symbolic; a static size was expected here.");

    public static Dimension Of(long size) =>
        size >= 0 ? new Dimension(size, null) : throw new GraphException($"A dimension has a size of 0 or more; got {size}.");

    public static Dimension Named(string symbol) => new(-1, symbol);

    public static implicit operator Dimension(long size) => Of(size);

    public override string ToString() => Symbol ?? SizeOrMinusOne.ToString(CultureInfo.InvariantCulture);
}
