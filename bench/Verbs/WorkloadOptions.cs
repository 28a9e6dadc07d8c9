using System.CommandLine;
using BiT.Bench.Workloads;
using BiT.Core.Runtime;
using BiT.Training.Networks;

namespace BiT.Bench.Verbs;

/// <summary>The options that all benches have.</summary>
internal sealed class WorkloadOptions
{
    private readonly Option<string> _network = new("--network") { Description = "The network, for example R50x1.", Required = true };
    private readonly Option<int> _batch = Number("--batch", "Images of one run.", lowest: 1, highest: 4096);
    private readonly Option<int> _size = Number("--size", "Side of the square images in pixels.", lowest: 32, highest: 1024);
    private readonly Option<int> _threads = Number("--threads", "Threads of ONNX Runtime; the number of processors if left out.", lowest: 1, highest: 1024);
    private readonly Option<bool> _spinning = new("--spinning") { Description = "Idle threads spin. The trainer's own default is that they do not." };

    public WorkloadOptions()
    {
        _batch.Required = _size.Required = true;
        _threads.DefaultValueFactory = _ => Environment.ProcessorCount;
    }

    /// <summary>A whole number within limits, which the error names.</summary>
    public static Option<int> Number(string name, string description, int lowest, int highest)
    {
        var option = new Option<int>(name) { Description = $"{description} {lowest} to {highest}." };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[^1].Value, out var value) && (value < lowest || value > highest))
                result.AddError($"{name} is {value}; expected a whole number from {lowest} to {highest}.");
        });
        return option;
    }

    public void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_network, _batch, _size, _threads, _spinning])
            command.Options.Add(option);
    }

    /// <exception cref="NetworkException">The network is unknown.</exception>
    public Workload Read(ParseResult parsed) => new(BitNetwork.ByName(parsed.GetValue(_network) ?? ""), parsed.GetValue(_batch), parsed.GetValue(_size),
        new RuntimeOptions { ExecutionProvider = "cpu", IntraOpThreads = parsed.GetValue(_threads), AllowSpinning = parsed.GetValue(_spinning) });
}
