using BiT.Client;

namespace BiT.CommandLine;

/// <summary>Promotion rules as the command line writes them.</summary>
internal static class PromotionText
{
    public const string Always = "always";
    public const string IfBetter = "if-better";

    public static PromotionRule RuleOf(string? name) => name switch
    {
        null => PromotionRule.Never,
        Always => PromotionRule.Always,
        IfBetter => PromotionRule.IfBetter,
        _ => throw new ArgumentException($"'{name}' is no rule.", nameof(name)),
    };

    public static string NameOf(PromotionRule rule) => rule switch
    {
        PromotionRule.Never => "never",
        PromotionRule.Always => Always,
        PromotionRule.IfBetter => IfBetter,
        _ => $"rule {(int)rule}",
    };
}
