using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BiT.Core.Store;

/// <summary>What a condition of a <see cref="JobFilter"/> looks at.</summary>
public enum JobField
{
    /// <summary>A <see cref="JobState"/> by name.</summary>
    State,

    /// <summary><c>true</c> or <c>false</c>: whether the state will not change any more.</summary>
    Done,

    /// <summary>Id of the model that receives the version.</summary>
    Model,

    /// <summary>Id of the data set.</summary>
    Dataset,
}

/// <summary>One condition: a field equals a value, or does not.</summary>
/// <param name="Field">What is compared.</param>
/// <param name="IsNegated">True for "is not".</param>
/// <param name="Value">As <see cref="JobField"/> describes it.</param>
public sealed record JobCondition(JobField Field, bool IsNegated, string Value);

/// <summary>Which jobs a listing gives: those that meet every condition.</summary>
public sealed record JobFilter(IReadOnlyList<JobCondition> Conditions)
{
    /// <summary>All jobs.</summary>
    public static JobFilter All { get; } = new([]);

    /// <summary>Name of the listing in page tokens: a token of one filter is of no use with another.</summary>
    internal string Listing => Conditions.Count == 0 ? "jobs" : $"jobs with the filter {Hash()}";

    internal (string Condition, (string Name, object? Value)[] Parameters) ToSql()
    {
        var text = new StringBuilder();
        var parameters = new List<(string, object?)>();
        foreach (var condition in Conditions)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"$filter{parameters.Count}");
            var (expression, value) = condition.Field switch
            {
                JobField.State => ("state", (object)(int)Enum.Parse<JobState>(condition.Value)),
                JobField.Done => ($"(state >= {(int)JobState.Succeeded})", bool.Parse(condition.Value) ? 1 : 0),
                JobField.Model => ("json_extract(spec, '$.modelId')", condition.Value),
                JobField.Dataset => ("json_extract(spec, '$.datasetId')", condition.Value),
                _ => throw new ArgumentOutOfRangeException(nameof(condition), condition.Field, "Unknown field."),
            };
            text.Append(CultureInfo.InvariantCulture, $" AND {expression} {(condition.IsNegated ? "!=" : "=")} {name}");
            parameters.Add((name, value));
        }
        return (text.ToString(), [.. parameters]);
    }

    private string Hash()
    {
        var text = string.Join('\n', Conditions.Select(condition => $"{condition.Field} {condition.IsNegated} {condition.Value}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }
}
