using BiT.Serving.Rpc;
using BiT.Serving.Startup;

namespace BiT.Tests.Unit.Serving.Rpc;

public sealed class CallSlotsTests
{
    [Fact]
    public void Take_BelowAtAndAboveTheLimit_RefusesOnlyTheLast()
    {
        var slots = new UploadSlots(new LimitOptions { MaxConcurrentUploads = 2 });
        var first = slots.Take();
        using var second = slots.Take();

        Assert.Equal(2, Assert.Throws<TooManyUploadsException>(() => slots.Take()).Limit);

        // Given back twice, it is one place.
        first.Dispose();
        first.Dispose();
        using var third = slots.Take();
        Assert.Throws<TooManyUploadsException>(() => slots.Take());
    }
}
