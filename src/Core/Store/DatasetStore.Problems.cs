using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <content>What the newest upload of each data set found.</content>
public sealed partial class DatasetStore
{
    /// <summary>The problems that the newest upload of a data set found: the whole set's and its classes' first, then its files' in upload
    /// order.</summary>
    /// <param name="pageSize">0 means 50; more than 1000 counts as 1000.</param>
    /// <param name="pageToken">Of the previous page; null or empty for the first.</param>
    /// <returns>Null if there is no such data set.</returns>
    /// <exception cref="InvalidPageTokenException">The token is not of this data set's problems.</exception>
    public Page<DatasetProblem>? ListProblems(string id, int pageSize, string? pageToken)
    {
        var size = Paging.Size(pageSize);
        var listing = "problems of " + id;
        var after = Paging.NumberKey(listing, pageToken) ?? -1;
        return _database.Read(connection =>
        {
            if (FindRow(connection, id) is not { } dataset)
                return null;
            var rows = connection.Query(
                """
                SELECT position, file_name, label, reason, message, severity FROM dataset_problems
                WHERE dataset = $seq AND position > $after ORDER BY position LIMIT $count
                """,
                row => (Position: row.GetInt64(0), Problem: new DatasetProblem(
                    row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), (ProblemSeverity)row.GetInt32(5))),
                ("$seq", dataset.Seq), ("$after", after), ("$count", size + 1));
            var page = Paging.Cut(listing, rows, size, row => row.Position);
            return new Page<DatasetProblem>(page.Items.Select(row => row.Problem).ToList(), page.NextPageToken);
        });
    }

    private static int CountProblems(SqliteConnection connection, long seq)
        => (int)connection.QueryNumber("SELECT count(*) FROM dataset_problems WHERE dataset = $seq", ("$seq", seq));

    private static void ReplaceProblems(SqliteConnection connection, long seq, IReadOnlyList<DatasetProblem> problems)
    {
        connection.Execute("DELETE FROM dataset_problems WHERE dataset = $seq", ("$seq", seq));
        InsertRows(connection, "dataset_problems", ["dataset", "position", "file_name", "label", "reason", "message", "severity"],
            problems.Select((problem, position) => (object[])
                [seq, (long)position, problem.FileName, problem.Label, problem.Reason, problem.Message, (long)problem.Severity]));
    }

    /// <summary>Inserts many rows with one prepared statement.</summary>
    private static void InsertRows(SqliteConnection connection, string table, string[] columns, IEnumerable<object[]> rows)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => "$" + column))})";
        var parameters = columns.Select(column => command.Parameters.AddWithValue("$" + column, 0L)).ToArray();
        foreach (var row in rows)
        {
            for (var column = 0; column < row.Length; column++)
                parameters[column].Value = row[column];
            command.ExecuteNonQuery();
        }
    }
}
