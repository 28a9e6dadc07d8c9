using Google.Rpc;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace BiT.Serving.Rpc;

/// <summary>Gives every call that fails a google.rpc.Status, and the log what the caller must not see.</summary>
internal sealed class ErrorInterceptor(TimeProvider time, ILogger<ErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception failure) when (failure is not RpcException)
        {
            throw ToRpcException(failure, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception failure) when (failure is not RpcException)
        {
            throw ToRpcException(failure, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception failure) when (failure is not RpcException)
        {
            throw ToRpcException(failure, context);
        }
    }

    private RpcException ToRpcException(Exception failure, ServerCallContext context)
    {
        // Whatever fails after the caller has left or its deadline has passed, fails because of that.
        if (time.GetUtcNow().UtcDateTime >= context.Deadline)
            return ErrorMapping.DeadlineExceeded().ToRpcException();
        if (context.CancellationToken.IsCancellationRequested)
            return ErrorMapping.Cancelled().ToRpcException();
        var status = ErrorMapping.ToStatus(failure);
        if (status.Code is (int)Code.Internal or (int)Code.DataLoss)
            logger.LogError(failure, "{Method} failed.", context.Method);
        else
            logger.LogDebug("{Method} was refused: {Message}", context.Method, status.Message);
        return status.ToRpcException();
    }
}
