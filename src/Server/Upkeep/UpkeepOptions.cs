using BiT.Serving.Startup;

namespace BiT.Serving.Upkeep;

/// <summary>What a verb of upkeep is told: the workspace and the retention from the whole configuration, the rest on the command line only.</summary>
internal sealed record UpkeepOptions
{
    private static readonly string[] Names = ["Workspace", "Retention", "From", "To", "Quick", "Repair", "DryRun"];

    public required string Workspace { get; init; }
    public required RetentionOptions Retention { get; init; }
    public string? From { get; init; }
    public string? To { get; init; }
    public bool IsQuick { get; init; }
    public bool Repairs { get; init; }
    public bool IsDryRun { get; init; }

    /// <param name="arguments">The verb, and what follows.</param>
    /// <exception cref="ConfigurationException">Something is out of range or unknown; lists all of it.</exception>
    public static UpkeepOptions Read(string[] arguments)
    {
        var configuration = ServerConfiguration.Load(arguments[1..]);
        var reader = new OptionsReader(configuration);
        var given = new ConfigurationBuilder().AddCommandLine(arguments[1..]).Build();
        var switches = new OptionsReader(given);
        var options = new UpkeepOptions
        {
            Workspace = Path.GetFullPath(reader.Read<WorkspaceFolderOptions>("Workspace").Path),
            Retention = reader.Read<RetentionOptions>("Retention"),
            From = given["From"],
            To = given["To"],
            IsQuick = switches.ReadSwitch("Quick"),
            Repairs = switches.ReadSwitch("Repair"),
            IsDryRun = switches.ReadSwitch("DryRun"),
        };
        var unknown = given.GetChildren().Where(child => !Names.Concat([ServerConfiguration.FileKey, ServerConfiguration.SecretsKey])
                .Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            .Select(child => $"--{child.Key} is unknown; {arguments[0]} takes {string.Join(", ", Names.Select(name => $"--{name}"))}.");
        string[] violations = [.. reader.Violations, .. switches.Violations, .. unknown];
        return violations.Length == 0 ? options : throw new ConfigurationException(violations);
    }

    /// <exception cref="ConfigurationException">It was not given.</exception>
    public string Require(string? value, string name) =>
        string.IsNullOrWhiteSpace(value) ? throw new ConfigurationException([$"--{name} is missing."]) : Path.GetFullPath(value);
}
