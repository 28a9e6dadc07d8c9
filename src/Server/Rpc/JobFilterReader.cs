using System.Globalization;
using BiT.Core.Store;

namespace BiT.Serving.Rpc;

/// <summary>Reads the filter of ListFineTuneJobs: the part of AIP-160 that fine_tuning.proto names.</summary>
internal static class JobFilterReader
{
    private const int MaxLength = 1000;
    private const string Fields = "state, done, model or dataset";

    private static readonly string States = string.Join(", ", Enum.GetNames<JobState>().Select(name => name.ToUpperInvariant()));

    /// <exception cref="InvalidRequestException">The filter is not one; says where, and what was expected there.</exception>
    public static JobFilter Read(string text)
    {
        if (text.Length > MaxLength)
            throw FieldViolations.Single("filter", $"has {text.Length} characters; expected at most {MaxLength}.");
        var conditions = new List<JobCondition>();
        var scanner = new Scanner(text);
        while (!scanner.IsAtEnd)
        {
            if (conditions.Count > 0)
                scanner.Expect("AND", "AND and another condition, or the end");
            conditions.Add(ReadCondition(scanner));
        }
        return conditions.Count == 0 ? JobFilter.All : new JobFilter(conditions);
    }

    private static JobCondition ReadCondition(Scanner scanner)
    {
        var field = scanner.Next($"a field ({Fields})") switch
        {
            "state" => JobField.State,
            "done" => JobField.Done,
            "model" => JobField.Model,
            "dataset" => JobField.Dataset,
            var other => throw scanner.Unexpected(other, $"a field ({Fields})"),
        };
        var isNegated = scanner.Next("= or !=") switch
        {
            "=" => false,
            "!=" => true,
            var other => throw scanner.Unexpected(other, "= or !="),
        };
        return new JobCondition(field, isNegated, ReadValue(scanner, field));
    }

    private static string ReadValue(Scanner scanner, JobField field)
    {
        var expected = field switch
        {
            JobField.State => States,
            JobField.Done => "true or false",
            JobField.Model => ResourceNames.ModelForm,
            _ => ResourceNames.DatasetForm,
        };
        var text = scanner.Next(expected);
        return field switch
        {
            JobField.State => Enum.GetNames<JobState>().FirstOrDefault(name => name.ToUpperInvariant() == text),
            JobField.Done => text is "true" or "false" ? text : null,
            JobField.Model => ResourceNames.TryReadModel(text, out var model) ? model : null,
            _ => ResourceNames.TryReadDataset(text, out var dataset) ? dataset : null,
        } ?? throw scanner.Unexpected(text, expected);
    }

    /// <summary>Words, quoted texts and operators, with their positions.</summary>
    private sealed class Scanner(string text)
    {
        private int _position;
        private int _start;

        public bool IsAtEnd
        {
            get
            {
                while (_position < text.Length && char.IsWhiteSpace(text[_position]))
                    _position++;
                return _position == text.Length;
            }
        }

        public void Expect(string token, string expected)
        {
            var found = Next(expected);
            if (found != token)
                throw Unexpected(found, expected);
        }

        /// <summary>The next token; quotes are taken off.</summary>
        public string Next(string expected)
        {
            var isAtEnd = IsAtEnd;
            _start = _position;
            if (isAtEnd)
                throw Wrong("the filter ends", expected);
            if (text[_position] == '"')
                return Quoted();
            if (text[_position] is '=' or '!')
            {
                _position += text.AsSpan(_position).StartsWith("!=") ? 2 : 1;
                return text[_start.._position];
            }
            while (_position < text.Length && !char.IsWhiteSpace(text[_position]) && text[_position] is not ('=' or '!' or '"'))
                _position++;
            return text[_start.._position];
        }

        public InvalidRequestException Unexpected(string found, string expected) => Wrong(FieldViolations.Quote(found), expected);

        private string Quoted()
        {
            var end = text.IndexOf('"', _position + 1);
            if (end < 0)
                throw Wrong("a quotation begins that does not end", "a closing \"");
            _position = end + 1;
            return text[(_start + 1)..end];
        }

        private InvalidRequestException Wrong(string found, string expected) => FieldViolations.Single("filter", string.Create(
            CultureInfo.InvariantCulture,
            $"at character {_start + 1}: {found}; expected {expected}. For example: state = RUNNING AND model = \"models/flowers\"."));
    }
}
