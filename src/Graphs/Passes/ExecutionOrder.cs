namespace BiT.Graphs.Passes;

/// <summary>Puts the nodes in an order that makes ONNX Runtime run them in the order in which they were written.</summary>
/// <remarks>ONNX Runtime does not run the nodes of a file in their order: it searches depth-first, beginning with the last one of the nodes whose
/// outputs no other node reads, and runs what that one needs, then the one before it, and so on (source: onnxruntime/core/graph/graph_viewer.cc,
/// Graph::ReverseDFSFrom). Of a training graph these nodes are the gradients of parameters, and the last one is that of the first layer: everything
/// on the way to it ran first, then every other layer's gradient, and until then all gradients of activations stayed in memory. Here those nodes come
/// last and backwards, so that the first one to be complete is the first one to run.</remarks>
public static class ExecutionOrder
{
    /// <summary>The same program in another order. Each value has the bits that it had.</summary>
    public static Graph Apply(Graph graph)
    {
        var read = graph.Nodes.SelectMany(node => node.Inputs).ToHashSet();
        var ends = graph.Nodes.Where(node => !node.Outputs.Any(read.Contains)).ToArray();
        var replay = new Replay(graph);
        foreach (var node in graph.Nodes.Except(ends).Concat(ends.Reverse()))
            replay.Append(node, node.Inputs);
        return replay.Build();
    }
}
