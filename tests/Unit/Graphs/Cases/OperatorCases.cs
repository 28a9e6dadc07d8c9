using BiT.Graphs.Differentiation;

namespace BiT.Tests.Unit.Graphs.Cases;

/// <summary>All cases, found by their name, so that each is a test of its own.</summary>
internal static class OperatorCases
{
    private static readonly Dictionary<string, OperatorCase> ByName = ElementwiseCases.All()
        .Concat(ReductionCases.All()).Concat(MovementCases.All()).Concat(ProductCases.All()).Concat(PoolingCases.All())
        .Concat(NetworkCases.All()).Concat(FusedCases.All())
        .ToDictionary(one => one.ToString(), StringComparer.Ordinal);

    public static IEnumerable<OperatorCase> All => ByName.Values;

    public static TheoryData<string> Names => [.. ByName.Keys];

    /// <summary>Cases whose operator has a gradient rule and whose result is float32.</summary>
    public static TheoryData<string> DifferentiableNames => [.. ByName.Values.Where(IsDifferentiable).Select(one => one.ToString())];

    public static OperatorCase Find(string name) => ByName[name];

    public static bool IsDifferentiable(OperatorCase one) =>
        one.Operator == NetworkCases.Operator
            || (GradientRules.Operators.Contains(one.Operator) && !one.Name.StartsWith("no gradient", StringComparison.Ordinal));
}
