namespace BiT.Graphs.Differentiation;

/// <summary>Reverse-mode differentiation: appends to a program the nodes that compute the gradient of a loss by some of its values.</summary>
/// <remarks>The gradient of a program is a program. The sweep visits the nodes that lie between targets and loss, last one first, asks the
/// rule of each node's operator for the gradients of its inputs, and adds up what comes together at a value.</remarks>
public static class Backpropagation
{
    /// <summary>Computes d loss / d target for every target.</summary>
    /// <param name="builder">The program; nodes are appended.</param>
    /// <param name="loss">A floating-point value with one element.</param>
    /// <param name="targets">Values of static shape that the loss depends on.</param>
    /// <param name="seed">Gradient of the loss itself, of its shape: 1, or a factor for all gradients.</param>
    /// <param name="onGradient">Called once per target as soon as its gradient is complete; nodes that it appends run before the rest of the
    /// sweep, so that for example an update frees the gradient early.</param>
    /// <returns>One gradient per target, of the target's shape.</returns>
    /// <exception cref="GraphException">A target does not reach the loss; an operator between them has no gradient; a shape is symbolic.</exception>
    public static IReadOnlyList<Value> Gradients(
        GraphBuilder builder, Value loss, IReadOnlyList<Value> targets, Value seed, Action<Value, Value>? onGradient = null)
    {
        if (!loss.Type.IsFloating() || loss.Shape.ElementCount != 1)
            throw new GraphException($"A loss is a floating-point value with one element; got {loss}.");
        if (!seed.Shape.Equals(loss.Shape) || seed.Type != loss.Type)
            throw new GraphException($"The seed {seed} has another type or shape than the loss {loss}.");

        var path = NodesOnPath(builder.Nodes, loss, targets);
        var gradients = new Dictionary<Value, Value> { [loss] = seed };
        var remainingUses = CountUses(path, loss);
        var open = targets.ToHashSet();
        if (open.Remove(loss))
            onGradient?.Invoke(loss, seed);
        for (var index = path.Count - 1; index >= 0; index--)
        {
            foreach (var (input, gradient) in InputGradients(builder, path[index], gradients))
            {
                if (gradient is not null)
                    Accumulate(builder, gradients, input, gradient);
                remainingUses[input]--;
                if (remainingUses[input] == 0 && open.Remove(input) && gradients.TryGetValue(input, out var complete))
                    onGradient?.Invoke(input, complete);
            }
        }
        return [.. targets.Select(target => gradients.TryGetValue(target, out var gradient)
            ? gradient
            : throw new GraphException($"Target {target} does not reach the loss {loss}: nothing differentiable connects them."))];
    }

    // Nodes that depend on a target and that the loss depends on, in program order, each with the targets' side marked.
    private static List<PathNode> NodesOnPath(IReadOnlyList<Node> nodes, Value loss, IReadOnlyList<Value> targets)
    {
        var dependent = targets.ToHashSet();
        var downstream = new List<Node>();
        foreach (var node in nodes)
        {
            if (!node.Inputs.Any(dependent.Contains))
                continue;
            downstream.Add(node);
            dependent.UnionWith(node.Outputs);
        }
        var needed = new HashSet<Value> { loss };
        var path = new List<PathNode>();
        for (var index = downstream.Count - 1; index >= 0; index--)
        {
            if (!downstream[index].Outputs.Any(needed.Contains))
                continue;
            path.Add(new PathNode(downstream[index], [.. downstream[index].Inputs.Select(dependent.Contains)]));
            needed.UnionWith(downstream[index].Inputs.Where(dependent.Contains));
        }
        path.Reverse();
        return path;
    }

    private sealed record PathNode(Node Node, bool[] NeedsGradient);

    private static Dictionary<Value, int> CountUses(List<PathNode> path, Value loss)
    {
        var uses = new Dictionary<Value, int> { [loss] = 0 };
        foreach (var (node, needs) in path)
        {
            for (var index = 0; index < needs.Length; index++)
            {
                if (needs[index])
                    uses[node.Inputs[index]] = uses.GetValueOrDefault(node.Inputs[index]) + 1;
            }
        }
        return uses;
    }

    private static IEnumerable<(Value Input, Value? Gradient)> InputGradients(GraphBuilder builder, PathNode step, Dictionary<Value, Value> gradients)
    {
        var (node, needs) = step;
        var outputs = node.Outputs.Select(output => gradients.GetValueOrDefault(output)).ToArray();
        var inputs = outputs.Any(output => output is not null)
            ? GradientRules.Apply(new GradientContext(builder, node, outputs, needs))
            : new Value?[needs.Length];
        for (var index = 0; index < needs.Length; index++)
        {
            if (!needs[index])
                continue;
            if (inputs[index] is { } gradient && !gradient.Shape.Equals(node.Inputs[index].Shape))
                throw new GraphException($"The gradient rule of {node.Operator} gives {gradient} for input {index}, {node.Inputs[index]}.");
            yield return (node.Inputs[index], inputs[index]);
        }
    }

    private static void Accumulate(GraphBuilder builder, Dictionary<Value, Value> gradients, Value input, Value gradient) =>
        gradients[input] = gradients.TryGetValue(input, out var soFar) ? Broadcasting.Add(builder, soFar, gradient) : gradient;
}
