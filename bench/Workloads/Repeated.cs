namespace BiT.Bench.Workloads;

/// <summary>A form several times over, as one.</summary>
internal sealed class Repeated(ITimedForm form, int times) : ITimedForm
{
    public void Run()
    {
        for (var time = 0; time < times; time++)
            form.Run();
    }

    public void Dispose() => form.Dispose();
}
