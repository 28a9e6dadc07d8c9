using BiT.Core.Store;
using BiT.Serving.Hosting;
using Google.Rpc;

namespace BiT.Serving.Rpc;

/// <summary>A request holds values that no state of the service could accept.</summary>
internal sealed class InvalidRequestException(IReadOnlyList<BadRequest.Types.FieldViolation> violations)
    : Exception(string.Join(" ", violations.Take(3).Select(violation => $"{violation.Field}: {violation.Description}"))
        + (violations.Count > 3 ? $" And {violations.Count - 3} more." : ""))
{
    public IReadOnlyList<BadRequest.Types.FieldViolation> Violations { get; } = violations;
}

/// <summary>Collects what is wrong with a request, so that the caller learns all of it at one time.</summary>
internal sealed class FieldViolations
{
    // The report travels in a trailer, and clients bound the size of trailers.
    private const int MaxViolations = 40;
    private const int MaxQuotedLength = 100;

    private readonly List<BadRequest.Types.FieldViolation> _violations = [];

    public void Add(string field, string description)
    {
        if (_violations.Count < MaxViolations)
            _violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });
    }

    public void Require(bool holds, string field, string description)
    {
        if (!holds)
            Add(field, description);
    }

    public void RequireLength(string text, string field, int least, int most) =>
        Require(text.Length >= least && text.Length <= most, field, $"has {text.Length} characters; expected {least} to {most}.");

    public void RequireLabel(string label, string field)
    {
        RequireLength(label, field, 1, PhotoIntake.MaxLabelLength);
        Require(label.Length == 0 || !string.IsNullOrWhiteSpace(label), field, "has only spaces; expected the name of a class.");
        RequirePrintable(label, field);
    }

    public void RequirePrintable(string text, string field) =>
        Require(!text.Any(char.IsControl), field, "has control characters (such as a line feed); expected printable text.");

    public void RequirePageSize(int pageSize) =>
        Require(pageSize >= 0, "page_size", $"is {pageSize}; expected 0 (the default) or more.");

    public string Model(string name, string field)
    {
        Require(ResourceNames.TryReadModel(name, out var id), field, $"is {Quote(name)}; expected {ResourceNames.ModelForm}.");
        return id;
    }

    public string Dataset(string name, string field)
    {
        Require(ResourceNames.TryReadDataset(name, out var id), field, $"is {Quote(name)}; expected {ResourceNames.DatasetForm}.");
        return id;
    }

    public string Job(string name, string field)
    {
        Require(ResourceNames.TryReadJob(name, out var id), field, $"is {Quote(name)}; expected {ResourceNames.JobForm}.");
        return id;
    }

    public ModelVersionId? Version(string name, string field)
    {
        Require(ResourceNames.TryReadVersion(name, out var version), field, $"is {Quote(name)}; expected {ResourceNames.VersionForm}.");
        return version;
    }

    public ModelReference? Reference(string name, string field)
    {
        Require(ResourceNames.TryReadReference(name, out var reference), field,
            $"is {Quote(name)}; expected {ResourceNames.ReferenceForm}.");
        return reference;
    }

    /// <exception cref="InvalidRequestException">Something was collected.</exception>
    public void ThrowIfAny()
    {
        if (_violations.Count > 0)
            throw Exception();
    }

    /// <summary>What was collected, for callers that must throw where the compiler can see it.</summary>
    public InvalidRequestException Exception() => new(_violations);

    public static InvalidRequestException Single(string field, string description) =>
        new([new BadRequest.Types.FieldViolation { Field = field, Description = description }]);

    public static string Quote(string text) =>
        text.Length <= MaxQuotedLength ? $"'{text}'" : $"'{text[..MaxQuotedLength]}...' ({text.Length} characters)";
}
