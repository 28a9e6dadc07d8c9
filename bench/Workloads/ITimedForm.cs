namespace BiT.Bench.Workloads;

/// <summary>One way to do a workload, loaded and ready to run again and again.</summary>
internal interface ITimedForm : IDisposable
{
    void Run();
}
