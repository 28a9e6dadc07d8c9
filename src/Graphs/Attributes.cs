using System.Collections.Immutable;
using System.Globalization;

namespace BiT.Graphs;

/// <summary>An attribute of a node: an int64, a float, a string, or a list of int64.</summary>
public abstract record AttributeValue
{
    private AttributeValue()
    {
    }

    public sealed record Integer(long Value) : AttributeValue
    {
        public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
    }

    public sealed record Real(float Value) : AttributeValue
    {
        public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture);
    }

    public sealed record Text(string Value) : AttributeValue
    {
        public override string ToString() => $"\"{Value}\"";
    }

    public sealed record Integers(ImmutableArray<long> Values) : AttributeValue
    {
        public bool Equals(Integers? other) => other is not null && Values.SequenceEqual(other.Values);

        public override int GetHashCode() => Values.Aggregate(17, HashCode.Combine);

        public override string ToString() => $"[{string.Join(",", Values)}]";
    }
}

/// <summary>The attributes of a node, ordered by name.</summary>
public sealed class Attributes
{
    private readonly ImmutableSortedDictionary<string, AttributeValue> _values;

    private Attributes(ImmutableSortedDictionary<string, AttributeValue> values) => _values = values;

    public static Attributes None { get; } = new(ImmutableSortedDictionary.Create<string, AttributeValue>(StringComparer.Ordinal));

    public IEnumerable<KeyValuePair<string, AttributeValue>> All => _values;

    public Attributes With(string name, long value) => With(name, new AttributeValue.Integer(value));

    public Attributes With(string name, float value) => With(name, new AttributeValue.Real(value));

    public Attributes With(string name, string value) => With(name, new AttributeValue.Text(value));

    public Attributes With(string name, params IEnumerable<long> values) => With(name, new AttributeValue.Integers([.. values]));

    public Attributes With(string name, AttributeValue value) => new(_values.SetItem(name, value));

    public long Integer(string name, long fallback) => Get<AttributeValue.Integer>(name)?.Value ?? fallback;

    public float Real(string name, float fallback) => Get<AttributeValue.Real>(name)?.Value ?? fallback;

    public string Text(string name, string fallback) => Get<AttributeValue.Text>(name)?.Value ?? fallback;

    /// <summary>A list of integers, or <paramref name="fallback"/> if the attribute is absent.</summary>
    public long[] Integers(string name, params long[] fallback) => Get<AttributeValue.Integers>(name) is { } found ? [.. found.Values] : fallback;

    private T? Get<T>(string name)
        where T : AttributeValue
    {
        if (!_values.TryGetValue(name, out var value))
            return null;
        return value as T ?? throw new GraphException($"Attribute '{name}' is a {value.GetType().Name}; expected a {typeof(T).Name}.");
    }
}
