using System.CommandLine;
using BiT.Training.Worker;

namespace BiT.Training.Verbs;

/// <summary><c>health</c>: whether a trainer that was started with an alive file shows signs of life. For the health checks of
/// containers.</summary>
internal static class HealthVerb
{
    private const int MostSeconds = 86_400;

    public static Command Create()
    {
        var file = WorkOptions.CreateAliveFile();
        var within = new Option<int>("--within") { Description = "Oldest sign of life that counts, in seconds.", DefaultValueFactory = _ => 30 };
        var command = new Command("health", "Exits with 0 if the trainer that touches the alive file works, and with 1 if not.") { file, within };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(within) is var seconds && seconds is < 1 or > MostSeconds)
                throw new UsageException($"--within is {seconds}; expected 1 to {MostSeconds} seconds.");
            var path = parsed.GetValue(file) ?? throw new UsageException($"--alive-file is not given; expected the file that work was started with.");
            var age = AliveFile.Age(path);
            // A clock that was set back makes the file young; then it says nothing until the next touch.
            if (age is { } known && known.TotalSeconds <= seconds)
                return TrainerCommand.Success;
            parsed.InvocationConfiguration.Error.WriteLine(age is null
                ? $"{path} does not exist: no trainer has shown a sign of life."
                : $"The last sign of life in {path} is {age.Value.TotalSeconds:0} s old; at most {seconds} s are in order.");
            return TrainerCommand.Failure;
        });
        return command;
    }
}
