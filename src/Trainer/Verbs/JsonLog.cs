using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BiT.Training.Verbs;

/// <summary>Makes a JSON object of each log line, with the member names of the server's log, for collectors. Safe for several
/// threads.</summary>
internal sealed class JsonLog(TextWriter inner, TimeProvider time) : TextWriter(CultureInfo.InvariantCulture)
{
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _lock = new();
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        lock (_lock)
        {
            if (value != '\n')
                _line.Append(value);
            else
                Finish();
        }
    }

    public override void WriteLine(string? value)
    {
        lock (_lock)
        {
            _line.Append(value);
            Finish();
        }
    }

    private void Finish()
    {
        var text = _line.ToString().TrimEnd('\r');
        _line.Clear();
        var moment = time.GetUtcNow();
        // The worker's lines begin with their time.
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space > 0 && DateTimeOffset.TryParseExact(text.AsSpan(0, space), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var own))
            (moment, text) = (own, text[(space + 1)..]);
        inner.WriteLine(JsonSerializer.Serialize(
            new Line(moment.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture), "Information", "BiT.Trainer", text), Options));
        inner.Flush();
    }

    private sealed record Line(
        [property: JsonPropertyOrder(0)] string Timestamp,
        [property: JsonPropertyOrder(1)] string LogLevel,
        [property: JsonPropertyOrder(2)] string Category,
        [property: JsonPropertyOrder(3)] string Message);
}
