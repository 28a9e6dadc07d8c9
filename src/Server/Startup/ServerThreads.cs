namespace BiT.Serving.Startup;

/// <summary>Threads of the process.</summary>
internal static class ServerThreads
{
    // Graph runs and decodings block pool threads for as long as they compute. On a small machine the pool would be full with two of them,
    // and it adds threads slowly: connections, deadlines and health checks would stand still meanwhile.
    private const int SpareThreads = 16;

    public static void MakeRoomForBlockingWork()
    {
        ThreadPool.GetMinThreads(out var workers, out var completionPorts);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + SpareThreads), completionPorts);
    }
}
