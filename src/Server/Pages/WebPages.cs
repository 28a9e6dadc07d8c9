using System.Net;

namespace BiT.Serving.Pages;

/// <summary>Answers browsers: every request of the web address comes here, and none of the gRPC address.</summary>
/// <remarks>There is no authentication, so a page of another site must not be able to read these. A browser would let it if that site's
/// name were made to point to this machine (DNS rebinding); hence the check of the name that the browser asked for.</remarks>
internal sealed class WebPages(PageRoutes routes, ILogger<WebPages> logger)
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers.CacheControl = "no-cache";
        if (!IsOurName(request.Host, context.Connection.LocalIpAddress))
        {
            await RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, "Unknown host",
                $"This address answers to localhost, 127.0.0.1 and [::1], not to '{request.Host.Host}'. "
                + "A proxy on this machine must send Host: localhost.");
            return;
        }
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.Headers.Allow = "GET, HEAD";
            await RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "Not allowed",
                "Pages can only be read. Programs call the gRPC address.");
            return;
        }
        try
        {
            await SendAsync(context);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
        {
            logger.LogError(failure, "The page {Path} failed.", request.Path);
            // Half a page must not look like a whole one.
            if (response.HasStarted)
                context.Abort();
            else
                await RefuseAsync(context, StatusCodes.Status500InternalServerError, "Failed", "The page could not be made; the server's log says why.");
        }
    }

    private async Task SendAsync(HttpContext context)
    {
        if (routes.Find(context.Request.Path.Value ?? "", context.RequestAborted) is not { } parts)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "Not found",
                "There is nothing at this address. It may have been deleted; the first page lists what there is.");
            return;
        }
        context.Response.ContentType = "text/html; charset=utf-8";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await foreach (var part in parts)
            await context.Response.Body.WriteAsync(part, context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context, int status, string title, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        var page = new HtmlPage(title).Add($"<p>{message}</p>").Add($"<p><a href=\"/\">First page</a></p>").ToUtf8();
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(page).AsTask();
    }

    /// <summary>Whether a request that came in through a loopback address names this machine. Elsewhere any name will do: whoever opened the
    /// port to a network has said that it is trusted.</summary>
    internal static bool IsOurName(HostString host, IPAddress? local)
    {
        if (local is null || !IPAddress.IsLoopback(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local))
            return true;
        return host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
    }
}
