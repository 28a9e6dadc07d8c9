using Microsoft.Data.Sqlite;
using Parameter = (string Name, object? Value);

namespace BiT.Core.Store;

/// <summary>Statements with parameters and typed rows; no more than the stores need.</summary>
internal static class Sql
{
    /// <summary>Runs a statement.</summary>
    /// <returns>How many rows it changed.</returns>
    public static int Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<Parameter> parameters)
    {
        using var command = Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>Runs a query and maps every row.</summary>
    public static List<T> Query<T>(
        this SqliteConnection connection, string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<Parameter> parameters)
    {
        using var command = Command(connection, sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(map(reader));
        return rows;
    }

    /// <summary>Runs a query of at most one row; null if there is none.</summary>
    public static T? QueryFirst<T>(
        this SqliteConnection connection, string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<Parameter> parameters)
        where T : class
    {
        using var command = Command(connection, sql, parameters);
        using var reader = command.ExecuteReader();
        return reader.Read() ? map(reader) : null;
    }

    /// <summary>Runs a query whose answer is one number.</summary>
    public static long QueryNumber(this SqliteConnection connection, string sql, params ReadOnlySpan<Parameter> parameters)
        => QueryNumberOrNull(connection, sql, parameters) ?? throw new InvalidOperationException($"No number came from: {sql}");

    /// <summary>Runs a query whose answer is one number, or no row, or NULL.</summary>
    public static long? QueryNumberOrNull(this SqliteConnection connection, string sql, params ReadOnlySpan<Parameter> parameters)
    {
        using var command = Command(connection, sql, parameters);
        return command.ExecuteScalar() as long?;
    }

    public static string? TextOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long? NumberOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static DateTimeOffset Time(this SqliteDataReader row, int column)
        => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    public static DateTimeOffset? TimeOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    private static SqliteCommand Command(SqliteConnection connection, string sql, ReadOnlySpan<Parameter> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
