using BiT.Bench.Timing;
using BiT.Bench.Workloads;

namespace BiT.Tests.Unit.Bench.Timing;

public sealed class ServedFormTests
{
    [Fact]
    public void Serve_EachLine_IsOneRunWithItsMilliseconds()
    {
        var (form, output) = (new CountedForm(), new StringWriter());

        ServedForm.Serve(form, new StringReader("\n\n"), output);

        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("ready", lines[0]);
        Assert.All(lines[1..], line => Assert.True(double.Parse(line, System.Globalization.CultureInfo.InvariantCulture) >= 0));
        Assert.Equal((2, 3), (form.Runs, lines.Length));
    }

    private sealed class CountedForm : ITimedForm
    {
        public int Runs { get; private set; }

        public void Run() => Runs++;

        public void Dispose()
        {
        }
    }
}
