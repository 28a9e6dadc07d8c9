namespace BiT.Core.Store;

/// <summary>What the caller of <see cref="ModelStore.SetAlias"/> expects the alias to point at before it moves.</summary>
public readonly record struct OptionalExpected
{
    private readonly int _version;

    private OptionalExpected(int version) => _version = version;

    /// <summary>Moves the alias wherever it points; the default value.</summary>
    public static OptionalExpected Any => default;

    /// <summary>Sets the alias only while it does not exist.</summary>
    public static OptionalExpected Absent => new(-1);

    /// <summary>Moves the alias only while it points at this version.</summary>
    /// <param name="number">Version number, from 1.</param>
    public static OptionalExpected Version(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number);
        return new OptionalExpected(number);
    }

    /// <summary>Whether an alias that points at <paramref name="current"/> (null: does not exist) may move.</summary>
    public bool Allows(int? current) => _version switch
    {
        0 => true,
        -1 => current is null,
        _ => current == _version,
    };

    /// <summary>The expectation in words, for messages.</summary>
    public override string ToString() => _version switch
    {
        0 => "anything",
        -1 => "no version (the alias must not exist)",
        _ => $"version {_version}",
    };
}
