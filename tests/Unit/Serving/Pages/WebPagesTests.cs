using System.Net;
using BiT.Serving.Pages;
using Microsoft.AspNetCore.Http;

namespace BiT.Tests.Unit.Serving.Pages;

public sealed class WebPagesTests
{
    [Theory]
    [InlineData("localhost", "127.0.0.1", true)]
    [InlineData("LOCALHOST:5076", "127.0.0.1", true)]
    [InlineData("127.0.0.1:5076", "127.0.0.1", true)]
    [InlineData("127.0.0.2", "127.0.0.2", true)]
    [InlineData("[::1]:5076", "::1", true)]
    [InlineData("[::1]", "::ffff:127.0.0.1", true)]
    [InlineData("evil.test", "127.0.0.1", false)]
    [InlineData("evil.test:5076", "::1", false)]
    [InlineData("localhost.evil.test", "127.0.0.1", false)]
    [InlineData("127.0.0.1.evil.test", "::ffff:127.0.0.1", false)]
    [InlineData("192.168.1.7", "127.0.0.1", false)]
    [InlineData("", "127.0.0.1", false)]
    [InlineData("bit.example", "192.168.1.7", true)]
    public void IsOurName_OnLoopback_OnlyThisMachine(string host, string local, bool expected) =>
        Assert.Equal(expected, WebPages.IsOurName(new HostString(host), IPAddress.Parse(local)));
}
