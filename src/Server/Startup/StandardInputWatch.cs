namespace BiT.Serving.Startup;

/// <summary>Stops the server when its standard input closes, so that a killed parent leaves no server behind.</summary>
internal sealed class StandardInputWatch(ServerOptions options, IHostApplicationLifetime lifetime, ILogger<StandardInputWatch> logger)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.StopWithStandardInput)
        {
            // A thread of its own: reading standard input blocks, and cannot be cancelled everywhere.
            new Thread(Watch) { IsBackground = true, Name = "standard input" }.Start();
        }
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Watch()
    {
        using var input = Console.OpenStandardInput();
        var ignored = new byte[256];
        try
        {
            while (input.Read(ignored) > 0)
            {
                // What comes is of no interest; only the end is.
            }
        }
        catch (IOException failure)
        {
            logger.LogDebug(failure, "Standard input cannot be read; it counts as closed.");
        }
        logger.LogInformation("Standard input has closed; the server stops.");
        lifetime.StopApplication();
    }
}
