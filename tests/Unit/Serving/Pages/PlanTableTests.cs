using BiT.Serving.Pages;

namespace BiT.Tests.Unit.Serving.Pages;

public sealed class PlanTableTests
{
    [Fact]
    public void Of_NestedPlan_IsARowPerValueWithEveryReasonWhole()
    {
        var reason = "Because " + new string('x', 400);

        var table = PlanTable.Of($$"""{"method":"full","base":null,"schedule":{"steps":60,"decayBoundaries":[1,2]},"labels":["<b>","c"],"reasons":["{{reason}}","and more"]}""").Text;

        Assert.Equal("<table>\n<tr><td>method</td><td>full</td></tr>\n<tr><td>schedule.steps</td><td>60</td></tr>\n"
            + "<tr><td>schedule.decayBoundaries</td><td>1, 2</td></tr>\n<tr><td>labels</td><td>&lt;b&gt;, c</td></tr>\n"
            + $"<tr><td>reasons</td><td>{reason}<br>and more<br></td></tr>\n</table>", table);
    }

    [Theory]
    [InlineData(300, "")]
    [InlineData(301, "...")]
    public void Of_LongValue_IsClipped(int length, string end) => Assert.Contains(
        $"<td>{new string('x', 300)}{end}</td>", PlanTable.Of($$"""{"value":"{{new string('x', length)}}"}""").Text, StringComparison.Ordinal);
}
