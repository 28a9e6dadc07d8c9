using BiT.Core.Store;
using BiT.Serving.Jobs;

namespace BiT.Tests.Unit.Serving.Jobs;

/// <summary>When a version takes over, and what people read about it.</summary>
public sealed class PromotionDecisionTests
{
    private static readonly ModelVersionId Previous = new("flowers", 1);

    [Theory]
    [InlineData(8, 9, true)]
    [InlineData(8, 8, false)]
    [InlineData(8, 7, false)]
    public void IfBetter_MoreRightThanBefore_MovesOnlyThen(int before, int after, bool moves)
    {
        var decision = Decide(Comparison(before, after));

        Assert.Equal(moves, decision.Expected?.Allows(1) ?? false);
        Assert.False(decision.Expected?.Allows(2) ?? false);
        var outcome = decision.Describe(moves, Previous);
        Assert.Contains($"{after} of 10 validation photos right, models/flowers/versions/1 {before}", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal((before / 10.0, after / 10.0), (outcome.PreviousAccuracy, outcome.NewAccuracy));
    }

    [Fact]
    public void IfBetter_AliasMovedMeanwhile_SaysFromWhereToWhere()
    {
        var outcome = Decide(Comparison(1, 9)).Describe(false, new ModelVersionId("flowers", 2));

        Assert.Contains("compared with models/flowers/versions/1, and meanwhile live names models/flowers/versions/2", outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void IfBetter_NothingToCompare_StaysWithTheReason()
    {
        Assert.Contains("no validation photos", Refusal(new JobComparison { PhotoCount = 0, Previous = Previous }), StringComparison.Ordinal);
        Assert.Contains("the file is damaged", Refusal(new JobComparison { PhotoCount = 10, Previous = Previous, Problem = "the file is damaged" }), StringComparison.Ordinal);
        Assert.Contains("compared nothing", Refusal(null), StringComparison.Ordinal);
    }

    [Fact]
    public void IfBetter_AliasOfNothing_MovesWhileItStaysSo()
    {
        var decision = Decide(new JobComparison { PhotoCount = 10 });

        Assert.Equal((true, false), (decision.Expected?.Allows(null), decision.Expected?.Allows(1)));
    }

    [Fact]
    public void IfBetter_PreviousLacksClasses_NamesThem()
    {
        var outcome = Decide(Comparison(1, 9) with { MissingClasses = ["daisy", "rose"] }).Describe(true, Previous);

        Assert.Contains("does not know daisy, rose; their photos count as wrong", outcome.Reason, StringComparison.Ordinal);
    }

    private static string Refusal(JobComparison? comparison)
    {
        var decision = Decide(comparison);
        Assert.Null(decision.Expected);
        return decision.Describe(false, Previous).Reason;
    }

    private static JobComparison Comparison(int before, int after) =>
        new() { PhotoCount = 10, Previous = Previous, PreviousCorrect = before, NewCorrect = after };

    private static PromotionDecision Decide(JobComparison? comparison) => PromotionDecision.Of(new JobRecord
    {
        Id = new string('1', 32),
        Spec = new FineTuneSpec { DatasetId = new string('d', 64), ModelId = "flowers", Promotion = PromotionRule.IfBetter },
        State = JobState.Succeeded,
        CreateTime = DateTimeOffset.UnixEpoch,
        Result = new ModelVersionId("flowers", 3),
        Comparison = comparison,
    });
}
