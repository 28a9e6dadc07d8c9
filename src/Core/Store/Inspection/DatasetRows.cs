using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Data sets: whether their photos are those that their ids name.</summary>
internal static class DatasetRows
{
    public static void Check(WorkspaceInspection inspection, SqliteConnection connection)
    {
        foreach (var (seq, id) in connection.Query("SELECT seq, id FROM datasets ORDER BY seq", row => (row.GetInt64(0), row.GetString(1))))
        {
            inspection.Counts.Datasets++;
            var name = $"datasets/{id}";
            var photos = connection.Query(
                "SELECT file_name, label, split, blob, byte_count FROM photos WHERE dataset = $seq ORDER BY position",
                row => new Photo(row.GetString(0), row.GetString(1), (Split)row.GetInt32(2), row.GetString(3), 0, 0, row.GetInt64(4)), ("$seq", seq));
            if (DatasetContent.Id(photos) is var actual && actual != id)
            {
                inspection.Error("DATASET_DAMAGED", name,
                    $"Its rows have the hash {actual}: photos, labels or splits were changed or lost. Upload the photos again, and delete this set.");
            }
            foreach (var photo in photos)
                inspection.Uses.Add(photo.Blob, $"{name} ({photo.FileName})", photo.ByteCount);
        }
    }
}
