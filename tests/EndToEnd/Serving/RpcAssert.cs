using Google.Rpc;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace BiT.Tests.EndToEnd.Serving;

/// <summary>Assertions on failed calls.</summary>
internal static class RpcAssert
{
    /// <summary>A call fails with this code, and its ErrorInfo carries this reason.</summary>
    public static async Task<Status> FailsAsync(StatusCode code, string reason, Func<Task> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(call);
        Assert.True(code == failure.StatusCode, $"Expected {code}; got {failure.Status}.");
        var status = failure.GetRpcStatus() ?? throw new InvalidOperationException("The error carries no google.rpc.Status.");
        var info = status.GetDetail<ErrorInfo>();
        Assert.Equal(reason, info.Reason);
        Assert.Equal("bit", info.Domain);
        return status;
    }
}
