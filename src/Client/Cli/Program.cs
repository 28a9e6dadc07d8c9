using System.Runtime.InteropServices;
using BiT.CommandLine;

using var interruption = new CancellationTokenSource();

var interrupted = 0L;

// The first Ctrl+C cancels, so that a command can say what goes on without it and clean up; the second ends the process at once.
void Interrupt(PosixSignalContext context)
{
    // `timeout` and some shells send a signal twice, to the process and to its group: that is one wish, not two.
    var isSecondWish = interruption.IsCancellationRequested && context.Signal == PosixSignal.SIGINT
        && TimeProvider.System.GetElapsedTime(interrupted) > TimeSpan.FromMilliseconds(300);
    if (isSecondWish)
        return;
    context.Cancel = true;
    if (interruption.IsCancellationRequested)
        return;
    interrupted = TimeProvider.System.GetTimestamp();
    interruption.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

return await BitCommand.RunAsync(args, CliEnvironment.OfThisProcess(), interruption.Token);
