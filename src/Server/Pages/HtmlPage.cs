using System.Globalization;
using System.Net;
using System.Text;

namespace BiT.Serving.Pages;

/// <summary>A self-contained HTML page: no script, nothing from elsewhere. Whatever is interpolated into it is encoded; only what is
/// <see cref="Markup"/> goes in as it is.</summary>
internal sealed class HtmlPage
{
    private const string Style = """
        :root { color-scheme: light dark; --line: #8884; --bad: #c0392b; --good: #2e8b57; }
        body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
        table { border-collapse: collapse; } th, td { border-bottom: 1px solid var(--line); padding: .25rem .7rem; text-align: left; }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
        .muted { opacity: .65; } .bad { color: var(--bad); } .good { color: var(--good); }
        td.bad, td.good { white-space: nowrap; } summary { cursor: pointer; margin-bottom: .5rem; }
        .plots { display: flex; flex-wrap: wrap; gap: 1rem; } .plots figure { max-width: none; }
        table.confusion { font-size: .8rem; } table.confusion td, table.confusion th { border: 1px solid var(--line); padding: .15rem .4rem; }
        .photos { display: flex; flex-wrap: wrap; gap: .5rem; } figure { margin: 0; max-width: 9rem; }
        figure img { display: block; border-radius: 4px; } figcaption { font-size: .75rem; overflow-wrap: anywhere; }
        .bar { display: inline-block; height: .7rem; background: #4a7ebb; border-radius: 2px; vertical-align: middle; }
        """;

    private readonly StringBuilder _text = new();

    /// <param name="title">Title of the page, and its heading.</param>
    public HtmlPage(string title)
    {
        _text.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>").Append(WebUtility.HtmlEncode(title))
            .Append("</title>\n<style>\n").Append(Style).Append("\n</style>\n</head>\n<body>\n<h1>").Append(WebUtility.HtmlEncode(title))
            .Append("</h1>\n");
    }

    /// <summary>Appends markup; the values in the interpolated string are encoded, unless they are <see cref="Markup"/>.</summary>
    public HtmlPage Add(FormattableString markup)
    {
        _text.Append(Of(markup).Text).Append('\n');
        return this;
    }

    /// <summary>Markup with encoded values, to be put into other markup.</summary>
    public static Markup Of(FormattableString markup) => new(string.Format(Encoder.Instance, markup.Format, markup.GetArguments()));

    /// <summary>An image as part of the page.</summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="mediaType">For example <c>image/jpeg</c>.</param>
    /// <param name="width">Shown width in CSS pixels.</param>
    /// <param name="height">Shown height in CSS pixels.</param>
    /// <param name="description">For those who do not see it.</param>
    public static Markup Image(ReadOnlySpan<byte> encoded, string mediaType, int width, int height, string description) => Of(
        $"<img src=\"data:{mediaType};base64,{Convert.ToBase64String(encoded)}\" width=\"{width}\" height=\"{height}\" alt=\"{description}\">");

    /// <summary>What was added since the last call, as UTF-8: for a page that is sent in parts while it is made.</summary>
    public byte[] TakePart()
    {
        var part = Encoding.UTF8.GetBytes(_text.ToString());
        _text.Clear();
        return part;
    }

    /// <summary>The whole page as UTF-8, or what is left of it after <see cref="TakePart"/>.</summary>
    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(_text + "</body>\n</html>\n");

    private sealed class Encoder : IFormatProvider, ICustomFormatter
    {
        public static readonly Encoder Instance = new();

        public object? GetFormat(Type? formatType) => formatType == typeof(ICustomFormatter) ? this : null;

        public string Format(string? format, object? arg, IFormatProvider? formatProvider) => arg switch
        {
            // Null in a default value, and null would make Format look for another way to write it.
            Markup markup => markup.Text ?? "",
            IFormattable value => WebUtility.HtmlEncode(value.ToString(format, CultureInfo.InvariantCulture)),
            _ => WebUtility.HtmlEncode(arg?.ToString() ?? ""),
        };
    }
}

/// <summary>Text that is HTML already.</summary>
internal readonly record struct Markup(string Text)
{
    /// <summary>Several pieces, one after the other.</summary>
    public static Markup Join(IEnumerable<Markup> parts) => new(string.Concat(parts.Select(part => part.Text)));
}
