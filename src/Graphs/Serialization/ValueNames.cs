using System.Globalization;

namespace BiT.Graphs.Serialization;

/// <summary>Gives every value of a program a unique name that depends on the program alone: outputs and inputs keep theirs, constants are
/// c0, c1, ..., computed values v0, v1, ... in order.</summary>
internal sealed class ValueNames
{
    private readonly Dictionary<Value, string> _names = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public ValueNames(Graph graph)
    {
        foreach (var input in graph.Inputs)
            Assign(input, input.Name ?? throw new GraphException($"An input of program '{graph.Name}' has no name."));
        foreach (var output in graph.Outputs)
            Assign(output.Value, output.Name);
        // Given names first: a constant may be called c0.
        foreach (var constant in graph.Constants)
        {
            if (constant.Name is { } given)
                Assign(constant, given);
        }
        var number = 0;
        foreach (var constant in graph.Constants.Where(constant => constant.Name is null))
            Assign(constant, Next("c", ref number));
        number = 0;
        foreach (var value in graph.Nodes.SelectMany(node => node.Outputs).Where(value => !_names.ContainsKey(value)))
            Assign(value, Next("v", ref number));
    }

    public string this[Value value] => _names[value];

    private void Assign(Value value, string name)
    {
        if (!_taken.Add(name) || !_names.TryAdd(value, name))
            throw new GraphException($"Value {value} or name '{name}' is named twice.");
    }

    private string Next(string prefix, ref int number)
    {
        string name;
        do
            name = prefix + number++.ToString(CultureInfo.InvariantCulture);
        while (_taken.Contains(name));
        return name;
    }
}
