using System.Xml.Linq;
using BiT.Bench.Transfer;

namespace BiT.Tests.Unit.Bench.Transfer;

public sealed class CurvePlotTests
{
    [Fact]
    public void Draw_LinesOfTwoSizes_GivesAnSvgForEachWithItsWays()
    {
        var plots = CurvePlot.Draw([
            "# flowers",
            """{"per_class":"5","way":"head","curve":[[25,0.4]]}""",
            """{"per_class":"5","way":"auto","curve":[[25,0.4]]}""",
            """{"per_class":"5","way":"full","curve":[[10,0.5],[20,0.6]]}""",
            """{"per_class":"5","way":"scratch","curve":[[10,0.2],[20,0.3]]}""",
            """{"per_class":"all","way":"full","curve":[[10,0.7]]}""",
        ]);

        Assert.Equal(["5", "all"], plots.Keys.Order(StringComparer.Ordinal));
        var texts = XDocument.Parse(plots["5"]).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value).ToArray();
        Assert.Equal(["5 photos per class", "full", "scratch"], texts.Intersect(["5 photos per class", "auto", "full", "head", "scratch"]).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("scratch", plots["all"]);
    }
}
