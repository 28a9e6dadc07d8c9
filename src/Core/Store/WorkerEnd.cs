namespace BiT.Core.Store;

/// <summary>How a worker ended, as whoever supervised it saw it.</summary>
/// <param name="Evidence">For people: exit code or signal, memory, last lines; a sentence that continues "the worker was lost: it ...", and lines behind it.</param>
/// <param name="WasStopped">True if the supervisor itself ended it: that says nothing against the job.</param>
public sealed record WorkerEnd(string Evidence, bool WasStopped = false);
