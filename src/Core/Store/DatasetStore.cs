using Microsoft.Data.Sqlite;

namespace BiT.Core.Store;

/// <summary>Immutable sets of labelled photos.</summary>
public sealed partial class DatasetStore
{
    private const string Listing = "datasets";
    private const int MaxLabelLength = 200;

    private readonly Database _database;
    private readonly BlobStore _blobs;
    private readonly TimeProvider _time;

    internal DatasetStore(Database database, BlobStore blobs, TimeProvider time)
    {
        _database = database;
        _blobs = blobs;
        _time = time;
    }

    /// <summary>Stores a data set. Photos that were stored as a set before give the set of then, with its name and time.</summary>
    /// <param name="displayName">For people; may be empty.</param>
    /// <param name="photos">Their blobs are stored already. If any is Validation, Unspecified means Train; else the store makes one
    /// fifth of each class's Unspecified photos Validation, by content hash, from 5 photos on. The same blob counts once per label, and
    /// never both as Train and as Validation: Train wins.</param>
    /// <param name="problems">What the upload found, in the order to list it; replaces what an earlier upload of the same photos found.
    /// Null leaves that as it is.</param>
    /// <exception cref="InvalidDatasetException">Fewer than two classes, a class without a training photo, or a bad label.</exception>
    /// <exception cref="BlobNotFoundException">A photo's bytes are not in the store.</exception>
    /// <exception cref="ArgumentException">A photo's hash, size or length is impossible.</exception>
    public DatasetRecord Save(string displayName, IEnumerable<Photo> photos, IReadOnlyList<DatasetProblem>? problems = null)
    {
        var canonical = DatasetContent.Canonicalize(photos.Select(Checked));
        CheckClasses(canonical);
        var id = DatasetContent.Id(canonical);
        return _database.Write(connection =>
        {
            _blobs.Require(canonical.Select(photo => photo.Blob), "The data set");
            var seq = FindRow(connection, id)?.Seq ?? Insert(connection, id, displayName, canonical);
            if (problems is not null)
                ReplaceProblems(connection, seq, problems);
            return Load(connection, FindRow(connection, id) ?? throw new InvalidOperationException($"Data set {id} was not stored."));
        });
    }

    /// <summary>A data set with all its photos, or null.</summary>
    /// <exception cref="InvalidDataException">The stored photos do not have the hash that names the set.</exception>
    public DatasetRecord? Find(string id)
        => _database.Read(connection => FindRow(connection, id) is { } row ? Load(connection, row) : null);

    /// <summary>Data sets, newest first, without their photos: sets can have millions. Their hashes are not checked; <see cref="Find"/>
    /// does.</summary>
    /// <param name="pageSize">0 means 50; more than 1000 counts as 1000.</param>
    /// <param name="pageToken">Of the previous page; null or empty for the first.</param>
    /// <exception cref="InvalidPageTokenException">The token is not of this listing.</exception>
    public Page<DatasetSummary> List(int pageSize, string? pageToken)
    {
        var size = Paging.Size(pageSize);
        var before = Paging.NumberKey(Listing, pageToken) ?? long.MaxValue;
        return _database.Read(connection =>
        {
            var rows = connection.Query(
                "SELECT seq, id, display_name, create_time FROM datasets WHERE seq < $before ORDER BY seq DESC LIMIT $count",
                Row.Read, ("$before", before), ("$count", size + 1));
            var page = Paging.Cut(Listing, rows, size, row => row.Seq);
            return new Page<DatasetSummary>(page.Items.Select(row => Summarize(connection, row)).ToList(), page.NextPageToken);
        });
    }

    /// <summary>Deletes a data set with its report. Its photos stay in the blob store until they are collected:
    /// other sets may have them too.</summary>
    /// <returns>False if there is none.</returns>
    /// <exception cref="DatasetInUseException">Jobs that are not done need it.</exception>
    public bool Delete(string id) => _database.Write(connection =>
    {
        if (FindRow(connection, id) is not { } row)
            return false;
        CheckUnused(connection, id);
        _blobs.Renew(connection.Query("SELECT DISTINCT blob FROM photos WHERE dataset = $seq", photo => photo.GetString(0), ("$seq", row.Seq)));
        connection.Execute("DELETE FROM photos WHERE dataset = $seq", ("$seq", row.Seq));
        // The problems go with it: ON DELETE CASCADE.
        connection.Execute("DELETE FROM datasets WHERE seq = $seq", ("$seq", row.Seq));
        return true;
    });

    private static void CheckUnused(SqliteConnection connection, string id)
    {
        // A state that this program does not know means not done.
        var jobs = connection.Query(
            "SELECT id FROM jobs WHERE state NOT IN ($succeeded, $failed, $cancelled) AND spec ->> '$.datasetId' = $dataset ORDER BY seq",
            job => job.GetString(0), ("$succeeded", (long)JobState.Succeeded), ("$failed", (long)JobState.Failed),
            ("$cancelled", (long)JobState.Cancelled), ("$dataset", id));
        if (jobs.Count > 0)
        {
            throw new DatasetInUseException(jobs[0], jobs.Count,
                $"Data set {id} is needed by job {jobs[0]}{(jobs.Count > 1 ? $" and {jobs.Count - 1} more" : "")}. "
                + "Wait until it is done, or cancel it first.");
        }
    }

    private static Photo Checked(Photo photo)
    {
        ResourceIds.CheckHash(photo.Blob);
        ArgumentOutOfRangeException.ThrowIfNegative(photo.Width);
        ArgumentOutOfRangeException.ThrowIfNegative(photo.Height);
        ArgumentOutOfRangeException.ThrowIfNegative(photo.ByteCount);
        if (!Enum.IsDefined(photo.Split))
            throw new ArgumentException($"Photo '{photo.FileName}' has the unknown split {(int)photo.Split}.");
        if (string.IsNullOrWhiteSpace(photo.Label) || photo.Label.Length > MaxLabelLength)
            throw new InvalidDatasetException($"Photo '{photo.FileName}' has a label of {photo.Label.Length} characters; "
                + $"expected 1 to {MaxLabelLength}, not only spaces.");
        return photo;
    }

    private static void CheckClasses(List<Photo> photos)
    {
        var classes = photos.Select(photo => photo.Label).Distinct().Order(StringComparer.Ordinal).ToList();
        if (classes.Count < 2)
        {
            throw new InvalidDatasetException($"A data set needs photos of at least two classes; these are of {classes.Count}"
                + (classes.Count == 1 ? $" ('{classes[0]}')." : ".") + " Add photos with another label.");
        }
        var learned = photos.Where(photo => photo.Split == Split.Train).Select(photo => photo.Label).ToHashSet();
        if (classes.Find(label => !learned.Contains(label)) is { } untrained)
            throw new InvalidDatasetException($"Class '{untrained}' has validation photos but no training photo. "
                + "Mark some of them for training, or leave the class out.");
    }

    private long Insert(SqliteConnection connection, string id, string displayName, List<Photo> photos)
    {
        var createTime = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var seq = connection.QueryNumber(
            "INSERT INTO datasets (id, display_name, create_time) VALUES ($id, $name, $time) RETURNING seq",
            ("$id", id), ("$name", displayName), ("$time", createTime));
        InsertRows(connection, "photos",
            ["dataset", "position", "file_name", "label", "split", "blob", "width", "height", "byte_count"],
            photos.Select((photo, position) => (object[])
                [seq, (long)position, photo.FileName, photo.Label, (long)photo.Split, photo.Blob, (long)photo.Width, (long)photo.Height,
                 photo.ByteCount]));
        return seq;
    }

    /// <exception cref="StoreNotFoundException">There is no such data set.</exception>
    internal static void Require(SqliteConnection connection, string id)
    {
        if (FindRow(connection, id) is null)
            throw new StoreNotFoundException($"There is no data set '{id}'.");
    }

    private static Row? FindRow(SqliteConnection connection, string id) => connection.QueryFirst(
        "SELECT seq, id, display_name, create_time FROM datasets WHERE id = $id", Row.Read, ("$id", id));

    private static DatasetSummary Summarize(SqliteConnection connection, Row row)
    {
        // Ordered here: SQLite compares UTF-8 bytes, ordinal order compares UTF-16 units.
        var classes = connection.Query(
                """
                SELECT label, count(*) FILTER (WHERE split = $train), count(*) FILTER (WHERE split = $validation), sum(byte_count)
                FROM photos WHERE dataset = $seq GROUP BY label
                """,
                item => (Class: new DatasetClassSummary(item.GetString(0), item.GetInt32(1), item.GetInt32(2)), ByteCount: item.GetInt64(3)),
                ("$seq", row.Seq), ("$train", (long)Split.Train), ("$validation", (long)Split.Validation))
            .OrderBy(item => item.Class.Label, StringComparer.Ordinal)
            .ToList();
        var trained = classes.Sum(item => item.Class.TrainPhotoCount);
        var median = connection.QueryNumberOrNull(
            "SELECT width * height AS area FROM photos WHERE dataset = $seq AND split = $train ORDER BY area LIMIT 1 OFFSET $middle",
            ("$seq", row.Seq), ("$train", (long)Split.Train), ("$middle", Math.Max(0, trained - 1) / 2));
        return new DatasetSummary
        {
            Id = row.Id,
            DisplayName = row.DisplayName,
            CreateTime = row.CreateTime,
            Classes = classes.Select(item => item.Class).ToList(),
            ByteCount = classes.Sum(item => item.ByteCount),
            MedianTrainArea = median ?? 0,
            ProblemCount = CountProblems(connection, row.Seq),
        };
    }

    private static DatasetRecord Load(SqliteConnection connection, Row row)
    {
        var photos = connection.Query(
            "SELECT file_name, label, split, blob, width, height, byte_count FROM photos WHERE dataset = $seq ORDER BY position",
            photo => new Photo(photo.GetString(0), photo.GetString(1), (Split)photo.GetInt32(2), photo.GetString(3), photo.GetInt32(4),
                photo.GetInt32(5), photo.GetInt64(6)),
            ("$seq", row.Seq));
        var actual = DatasetContent.Id(photos);
        if (actual != row.Id)
            throw new InvalidDataException($"Data set {row.Id} is damaged: its stored photos have the hash {actual}. "
                + "Upload it again into a fresh workspace.");
        var labels = photos.Select(photo => photo.Label).Distinct().Order(StringComparer.Ordinal).ToList();
        return new DatasetRecord(row.Id, row.DisplayName, row.CreateTime, labels, photos)
        {
            ProblemCount = CountProblems(connection, row.Seq),
        };
    }

    private sealed record Row(long Seq, string Id, string DisplayName, DateTimeOffset CreateTime)
    {
        public static Row Read(SqliteDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.Time(3));
    }
}
