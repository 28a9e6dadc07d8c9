using System.Globalization;

namespace BiT.CommandLine;

/// <summary>Numbers and times as people read them.</summary>
internal static class Show
{
    public static string Percent(double? share) => share is { } value ? Invariant($"{value * 100:0.0}%") : "";

    public static string Bytes(long count) => count switch
    {
        < 1024 => Invariant($"{count} B"),
        < 1024 * 1024 => Invariant($"{count / 1024.0:0.#} KiB"),
        < 1024L * 1024 * 1024 => Invariant($"{count / (1024.0 * 1024):0.#} MiB"),
        _ => Invariant($"{count / (1024.0 * 1024 * 1024):0.##} GiB"),
    };

    /// <summary>1:05, 12:30, 3:04:05 or 2 days 3:04:05.</summary>
    public static string Duration(TimeSpan time)
    {
        var rounded = TimeSpan.FromSeconds(Math.Max(0, Math.Round(time.TotalSeconds)));
        var days = rounded.Days switch { 0 => "", 1 => "1 day ", var count => Invariant($"{count} days ") };
        return rounded.TotalHours >= 1
            ? days + Invariant($"{rounded.Hours}:{rounded.Minutes:00}:{rounded.Seconds:00}")
            : Invariant($"{rounded.Minutes}:{rounded.Seconds:00}");
    }

    /// <summary>For sentences, where a number with a colon may be taken for a time of day: 45 s, 14 min, 3 h 20 min.</summary>
    public static string Roughly(TimeSpan time) => time.TotalSeconds < 60 ? Invariant($"{Math.Ceiling(time.TotalSeconds):0} s")
        : time.TotalMinutes < 60 ? Invariant($"{time.TotalMinutes:0} min")
        : Invariant($"{Math.Floor(time.TotalHours):0} h {time.Minutes} min");

    public static string Moment(DateTimeOffset? time, TimeProvider clock)
        => time is { } value
            ? TimeZoneInfo.ConvertTime(value, clock.LocalTimeZone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            : "";

    /// <summary>Three significant digits: 0.003, 1.25, 2e-05.</summary>
    public static string Number(double value) => value.ToString("g3", CultureInfo.InvariantCulture);

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
