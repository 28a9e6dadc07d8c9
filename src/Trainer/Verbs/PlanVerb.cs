using System.CommandLine;
using System.Text.Json;
using BiT.Training.Planning;

namespace BiT.Training.Verbs;

/// <summary><c>plan</c>: what BiT-HyperRule says for a number of photos of a size.</summary>
internal static class PlanVerb
{
    public static Command Create()
    {
        var images = new Option<int>("--images") { Description = "Training photos, without the validation ones.", Required = true };
        var width = new Option<int>("--width") { Description = "Width of the photo of median area, in pixels.", Required = true };
        var height = new Option<int>("--height") { Description = "Its height in pixels.", Required = true };
        var batch = new Option<int>("--batch")
        {
            Description = "Photos per optimiser step. Other than 512: scales the learning rate by batch/512, the schedule by 512/batch.",
            DefaultValueFactory = _ => HyperRule.BaseBatchSize,
        };
        var json = new Option<bool>("--json") { Description = "Print one line of JSON instead of a table." };
        AtLeastOne(images, int.MaxValue);
        AtLeastOne(width, int.MaxValue);
        AtLeastOne(height, int.MaxValue);
        AtLeastOne(batch, OverrideRules.MaxBatchSize);
        var command = new Command("plan", "Prints the hyper-parameters that BiT-HyperRule chooses for a data set.")
        {
            images, width, height, batch, json,
        };
        command.SetAction(parsed =>
        {
            var facts = new Facts(parsed.GetValue(images), parsed.GetValue(width), parsed.GetValue(height), parsed.GetValue(batch));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json)) output.WriteLine(Json(facts));
            else WriteTable(facts, output);
            return TrainerCommand.Success;
        });
        return command;
    }

    private static void AtLeastOne(Option<int> option, int highest) => option.Validators.Add(result =>
    {
        if (result.Errors.Any() || result.Tokens.Count == 0 || !int.TryParse(result.Tokens[^1].Value, out int value)) return;
        if (value < 1 || value > highest) result.AddError($"{option.Name} is {value}; expected a whole number from 1 to {highest}.");
    });

    private static string Json(Facts facts) => JsonSerializer.Serialize(new
    {
        images = facts.Images,
        width = facts.Width,
        height = facts.Height,
        batch = facts.Batch,
        resize = facts.Resolution.Resize,
        crop = facts.Resolution.Crop,
        mixup_alpha = HyperRule.MixupAlpha(facts.Images),
        learning_rate = HyperRule.LearningRate(facts.Batch),
        schedule = facts.Boundaries,
        steps = facts.Schedule.Steps,
        learning_rates = facts.Schedule.Landmarks().Select(point => new object?[] { point.Step, point.Value }),
    });

    private static void WriteTable(Facts facts, TextWriter output)
    {
        double alpha = HyperRule.MixupAlpha(facts.Images);
        output.WriteLine($"BiT-HyperRule for {facts.Images:N0} photos of {facts.Width} x {facts.Height} at batch {facts.Batch}");
        output.WriteLine($"  resize        {facts.Resolution.Resize}");
        output.WriteLine($"  crop          {facts.Resolution.Crop}");
        output.WriteLine($"  MixUp alpha   {(alpha > 0 ? alpha.ToString() : "0 (off)")}");
        output.WriteLine($"  schedule      {string.Join(", ", facts.Boundaries)}");
        output.WriteLine($"  steps         {facts.Schedule.Steps}");
        output.WriteLine("  step          learning rate");
        foreach (LearningRatePoint point in facts.Schedule.Landmarks().Where(point => point.Step <= facts.Schedule.Steps))
            output.WriteLine($"  {point.Step,-12}  {(point.Value is { } rate ? rate.ToString("0.##########") : "stop")}");
    }

    private sealed record Facts(int Images, int Width, int Height, int Batch)
    {
        public Resolution Resolution => HyperRule.ResolutionOf(Height, Width);

        public IReadOnlyList<int> Boundaries => HyperRule.Schedule(Images, Batch);

        public LearningRateSchedule Schedule => LearningRateSchedule.FromHyperRule(Boundaries, HyperRule.LearningRate(Batch));
    }
}
