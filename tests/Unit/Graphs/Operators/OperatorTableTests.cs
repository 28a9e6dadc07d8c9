using BiT.Graphs.Differentiation;
using BiT.Graphs.Operators;
using BiT.Tests.Unit.Graphs.Cases;
using BiT.Tests.Unit.Graphs.Reference;

namespace BiT.Tests.Unit.Graphs.Operators;

/// <summary>Holds docs/recipes/add-an-operator.md: an operator is complete in every table, or the build is red.</summary>
public sealed class OperatorTableTests
{
    private const string Recipe = "See docs/recipes/add-an-operator.md.";

    public static TheoryData<string> Operators => [.. OperatorSet.Names];

    [Theory]
    [MemberData(nameof(Operators))]
    public void Operator_OfTheSet_HasAGradientRuleOrAReasonForNone(string name)
    {
        var hasRule = GradientRules.Operators.Contains(name);
        var hasReason = GradientRules.NotDifferentiable.ContainsKey(name);
        Assert.True(hasRule || hasReason, $"{name} is neither in GradientRules' table nor in NotDifferentiable; add it to one. {Recipe}");
        Assert.False(hasRule && hasReason, $"{name} has a gradient rule and is in NotDifferentiable too; remove it from one.");
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void Operator_OfTheSet_IsCoveredByTheTests(string name)
    {
        Assert.True(ReferenceOperators.Names.Contains(name),
            $"{name} has no naive function in ReferenceOperators; write one from the specification. {Recipe}");
        Assert.True(OperatorCases.All.Any(one => one.Operator == name), $"{name} has no OperatorCase; add at least one. {Recipe}");
        Assert.True(GoodShapes.All.Any(row => row.Operator == name), $"{name} has no row in GoodShapes; add at least one. {Recipe}");
    }

    [Fact]
    public void GradientRule_OfEveryOperator_IsCheckedAgainstDifferences()
    {
        var exercised = OperatorCases.All.Where(OperatorCases.IsDifferentiable).Select(one => one.Operator).ToHashSet();
        Assert.All(GradientRules.Operators, name => Assert.True(exercised.Contains(name),
            $"The gradient rule of {name} has no differentiable OperatorCase. {Recipe}"));
    }

    [Fact]
    public void Tables_NameKnownOperatorsOnly()
    {
        var known = OperatorSet.Names.ToHashSet();
        var named = GradientRules.Operators.Concat(GradientRules.NotDifferentiable.Keys).Concat(ReferenceOperators.Names);
        Assert.All(named, name => Assert.True(known.Contains(name), $"{name} is in a table of rules, but not in OperatorSet. {Recipe}"));
    }
}
