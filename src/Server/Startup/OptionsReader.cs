using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace BiT.Serving.Startup;

/// <summary>Reads options from configuration and collects everything that is wrong, instead of stopping at the first.</summary>
/// <remarks>Numbers and durations carry their range as a <see cref="RangeAttribute"/>. Unknown names are violations too: a typo must not
/// leave a default in force unnoticed.</remarks>
internal sealed class OptionsReader(IConfiguration configuration)
{
    private readonly List<string> _violations = [];

    public IReadOnlyList<string> Violations => _violations;

    public void Add(string violation) => _violations.Add(violation);

    public T Read<T>(string section)
        where T : class, new()
    {
        var options = new T();
        var properties = typeof(T).GetProperties().Where(property => property.CanWrite).ToArray();
        foreach (var entry in configuration.GetSection(section).GetChildren())
        {
            var property = properties.FirstOrDefault(property => property.Name.Equals(entry.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
                _violations.Add($"{section}:{entry.Key} is unknown; {section} has {Names(properties)}.");
            else if (entry.Value is { } text)
                Set(options, property, $"{section}:{property.Name}", text);
        }
        foreach (var property in properties)
            CheckRange(property, $"{section}:{property.Name}", property.GetValue(options));
        return options;
    }

    public bool ReadSwitch(string name)
    {
        if (configuration[name] is not { } text)
            return false;
        if (bool.TryParse(text, out var value))
            return value;
        _violations.Add($"{name} is '{text}'; expected true or false.");
        return false;
    }

    public T ReadChoice<T>(string name, T otherwise)
        where T : struct, Enum
    {
        if (configuration[name] is not { } text)
            return otherwise;
        if (Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]))
            return value;
        _violations.Add($"{name} is '{text}'; expected {string.Join(", ", Enum.GetNames<T>())}.");
        return otherwise;
    }

    private void Set(object options, PropertyInfo property, string name, string text)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        try
        {
            property.SetValue(options, TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text));
        }
        catch (Exception failure) when (failure is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            _violations.Add($"{name} is '{text}'; expected {Expected(type)}.");
        }
    }

    private void CheckRange(PropertyInfo property, string name, object? value)
    {
        if (property.GetCustomAttribute<RangeAttribute>() is { } range && !range.IsValid(value))
            _violations.Add(string.Create(CultureInfo.InvariantCulture,
                $"{name} is {value}; expected {range.Minimum} to {range.Maximum}."));
    }

    private static string Names(PropertyInfo[] properties) => string.Join(", ", properties.Select(property => property.Name));

    private static string Expected(Type type) => type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a duration as hours:minutes:seconds, for example 00:00:05"
        : "a whole number";
}
