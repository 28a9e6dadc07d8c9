using System.Globalization;
using BiT.Core.Store;

namespace BiT.Serving.Jobs;

/// <summary>Whether a version is to take over its alias, from what its job measured, and how the outcome reads.</summary>
/// <param name="Alias">The alias.</param>
/// <param name="Expected">What the alias must still name; null if it is not to move at all.</param>
/// <param name="Describe">The outcome, given whether the alias moved and what it named before.</param>
internal sealed record PromotionDecision(string Alias, OptionalExpected? Expected, Func<bool, ModelVersionId?, JobPromotion> Describe)
{
    private const int MaxClassesNamed = 5;

    public static PromotionDecision Of(JobRecord job)
    {
        var alias = job.Spec.PromotionAlias ?? FineTuneSpec.DefaultPromotionAlias;
        return job.Spec.Promotion switch
        {
            PromotionRule.Always => new PromotionDecision(alias, OptionalExpected.Any, (moved, previous) => moved
                ? Outcome(true, $"{alias} now names {job.Result}", previous)
                : Outcome(false, $"{job.Result} was not promoted to {alias}: it does not exist any more", previous)),
            PromotionRule.IfBetter => IfBetter(job.Result, alias, job.Comparison),
            var rule => throw new InvalidOperationException($"Job {job.Id} has the rule {rule}, which promotes nothing."),
        };
    }

    private static PromotionDecision IfBetter(ModelVersionId? version, string alias, JobComparison? found)
    {
        var stays = $"{version} was not promoted to {alias}";
        if (found is null)
            return Stays("its job compared nothing; run a trainer of the server's version");
        if (found.PhotoCount == 0)
            return Stays("the data set has no validation photos to compare on");
        if (found.Previous is not { } previous)
        {
            return new PromotionDecision(alias, OptionalExpected.Absent, (moved, current) => moved
                ? Outcome(true, $"{alias} now names {version}; it named nothing before", current)
                : Outcome(false, $"{stays}: when its job ended, {alias} named nothing, and meanwhile {Now(current)}", current));
        }
        if (found is not { PreviousCorrect: { } before, NewCorrect: { } after })
            return Stays($"{previous}, which {alias} named, could not be measured: {found.Problem?.TrimEnd('.')}");

        var measured = string.Create(CultureInfo.InvariantCulture,
            $"{version} classifies {after} of {found.PhotoCount} validation photos right, {previous} {before}{Missing(found.MissingClasses)}");
        if (after <= before)
            return new PromotionDecision(alias, null, (_, current) => Measured(Outcome(false, $"{stays}: {measured}", current)));
        return new PromotionDecision(alias, OptionalExpected.Version(previous.Number), (moved, current) => Measured(moved
            ? Outcome(true, $"{alias} now names {version}: {measured}", current)
            : Outcome(false, $"{stays}: it was compared with {previous}, and meanwhile {Now(current)}", current)));

        PromotionDecision Stays(string why) => new(alias, null, (_, current) => Outcome(false, $"{stays}: {why}", current));

        string Now(ModelVersionId? current) => current is null ? $"{alias} names nothing" : $"{alias} names {current}";

        JobPromotion Measured(JobPromotion outcome) => outcome with
        {
            PreviousAccuracy = (double)before / found.PhotoCount, NewAccuracy = (double)after / found.PhotoCount,
        };
    }

    private static string Missing(IReadOnlyList<string> classes) => classes.Count == 0 ? ""
        : $" (it does not know {string.Join(", ", classes.Take(MaxClassesNamed))}{(classes.Count > MaxClassesNamed ? ", ..." : "")}; "
            + "their photos count as wrong)";

    private static JobPromotion Outcome(bool isPromoted, string reason, ModelVersionId? previous) =>
        new() { IsPromoted = isPromoted, Reason = reason + ".", Previous = previous };
}
