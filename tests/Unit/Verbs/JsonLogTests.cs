using System.Text.Json;
using BiT.Training.Verbs;

namespace BiT.Tests.Unit.Verbs;

public sealed class JsonLogTests
{
    [Fact]
    public void WriteLine_LineOfTheWorker_BecomesAnObjectWithItsOwnTime()
    {
        var inner = new StringWriter();
        using var log = new JsonLog(inner, new ManualTimeProvider());

        log.WriteLine("2026-11-24T01:02:03.4560000+00:00 Job \"x\": attempt 1 begins.");

        var line = Assert.Single(inner.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        using var read = JsonDocument.Parse(line);
        Assert.Equal("2026-11-24T01:02:03.456Z", read.RootElement.GetProperty("Timestamp").GetString());
        Assert.Equal("Job \"x\": attempt 1 begins.", read.RootElement.GetProperty("Message").GetString());
        Assert.Equal("Information", read.RootElement.GetProperty("LogLevel").GetString());
    }

    [Fact]
    public void Write_TextWithoutATimeInPieces_IsOneObjectAtTheEndOfTheLine()
    {
        var inner = new StringWriter();
        using var log = new JsonLog(inner, new ManualTimeProvider());

        log.Write("half ");
        log.Write("a line");
        Assert.Equal("", inner.ToString());
        log.Write('\n');

        using var read = JsonDocument.Parse(inner.ToString());
        Assert.Equal(("2026-03-01T12:00:00.000Z", "half a line"),
            (read.RootElement.GetProperty("Timestamp").GetString(), read.RootElement.GetProperty("Message").GetString()));
    }
}
