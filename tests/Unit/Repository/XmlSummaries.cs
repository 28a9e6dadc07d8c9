using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace BiT.Tests.Unit.Repository;

/// <summary>Reads the XML comments of the code, for documents that are made of them.</summary>
internal static partial class XmlSummaries
{
    /// <returns>The summary in Markdown, fit for a cell of a table.</returns>
    public static string Of(MemberInfo member)
    {
        var type = member as Type ?? member.DeclaringType!;
        var name = member switch
        {
            Type => $"T:{type.FullName}",
            FieldInfo => $"F:{type.FullName}.{member.Name}",
            _ => $"P:{type.FullName}.{member.Name}",
        };
        var document = XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml"));
        var summary = document.Descendants("member").FirstOrDefault(entry => (string?)entry.Attribute("name") == name)?.Element("summary")
            ?? throw new InvalidOperationException($"{name} has no summary: say what it is for.");
        var text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } see => $"`{((string?)see.Attribute("cref"))?.Split('.')[^1]}`",
            var other => other.ToString(),
        }));
        return Space().Replace(text.Replace("&lt;", "<").Replace("&gt;", ">"), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
