namespace BiT.Serving.Startup;

/// <summary>How log lines look. <c>Logging:Format</c>.</summary>
public enum LogFormat
{
    /// <summary>Text on a terminal, JSON elsewhere.</summary>
    Auto,

    /// <summary>One line of text each.</summary>
    Text,

    /// <summary>One JSON object per line, for collectors.</summary>
    Json,
}
