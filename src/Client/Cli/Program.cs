using System.Runtime.InteropServices;
using BiT.CommandLine;

using var interruption = new CancellationTokenSource();

// The first Ctrl+C cancels, so that a command can say what goes on without it and clean up; the second ends the process at once.
void Interrupt(PosixSignalContext context)
{
    if (interruption.IsCancellationRequested)
        return;
    context.Cancel = true;
    interruption.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

return await BitCommand.RunAsync(args, CliEnvironment.OfThisProcess(), interruption.Token);
