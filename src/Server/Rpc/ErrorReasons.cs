using System.Collections.Frozen;
using System.Reflection;
using Google.Rpc;

namespace BiT.Serving.Rpc;

/// <summary>Every reason that the service gives. docs/errors.md is made of this table.</summary>
/// <remarks>What a caller did wrong with one photo has the names of <see cref="Core.Imaging.ImageProblem"/>.</remarks>
internal static class ErrorReasons
{
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(1);

    // A restart by a supervisor takes seconds.
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(5);

    // The request is wrong, whatever the state of the service.
    public static readonly ErrorReason InvalidRequest = new("INVALID_REQUEST", Code.InvalidArgument,
        "Values that no state of the service could accept. BadRequest lists every field, what was expected and what came.");
    public static readonly ErrorReason InvalidPageToken = new("INVALID_PAGE_TOKEN", Code.InvalidArgument,
        "A page token that this listing (with this filter) did not give. Begin without one.") { Field = "page_token" };
    public static readonly ErrorReason DatasetNotUsable = new("DATASET_NOT_USABLE", Code.InvalidArgument,
        "Fewer than two classes with a good training photo. BadRequest names what blocks and the first files; nothing is stored.")
        { Field = "dataset", Metadata = ["problem_count"] };
    public static readonly ErrorReason ArchiveRefused = new("ARCHIVE_REFUSED", Code.InvalidArgument,
        "The archive as a whole cannot be used; `problem` says why (see below). Nothing is stored.") { Field = "archive", Metadata = ["problem"] };

    // Single photos: the error of one result of Classify.
    public static readonly ErrorReason NotAnImage = new("NOT_AN_IMAGE", Code.InvalidArgument, "A photo whose bytes begin like no image format.");
    public static readonly ErrorReason UnsupportedFormat = new("UNSUPPORTED_FORMAT", Code.InvalidArgument,
        "An image, but not JPEG, PNG, WebP, GIF or BMP. Convert it.");
    public static readonly ErrorReason Truncated = new("TRUNCATED", Code.InvalidArgument, "A photo whose file ends before the image does.");
    public static readonly ErrorReason Corrupt = new("CORRUPT", Code.InvalidArgument, "A photo whose file is damaged.");
    public static readonly ErrorReason TooManyBytes = new("TOO_MANY_BYTES", Code.InvalidArgument, "A photo of more bytes than Limits:MaxImageBytes.");
    public static readonly ErrorReason TooManyPixels = new("TOO_MANY_PIXELS", Code.InvalidArgument, "A photo of a larger area than Limits:MaxImagePixels.");
    public static readonly ErrorReason SideTooLong = new("SIDE_TOO_LONG", Code.InvalidArgument, "A photo with a longer side than Limits:MaxImageSide.");
    public static readonly ErrorReason Empty = new("EMPTY", Code.InvalidArgument, "A photo without bytes or without pixels.");

    // What is named is not there.
    public static readonly ErrorReason DatasetNotFound = Missing("DATASET_NOT_FOUND", "There is no data set of that name.");
    public static readonly ErrorReason JobNotFound = Missing("JOB_NOT_FOUND", "There is no job of that name.");
    public static readonly ErrorReason ModelNotFound = Missing("MODEL_NOT_FOUND", "There is no model of that name.");
    public static readonly ErrorReason ModelVersionNotFound = Missing("MODEL_VERSION_NOT_FOUND", "The model has no version of that number.");
    public static readonly ErrorReason AliasNotFound = Missing("ALIAS_NOT_FOUND", "The model has no alias of that name: nothing was promoted to it yet.");
    public static readonly ErrorReason ReportNotFound = Missing("REPORT_NOT_FOUND",
        "The version was imported, so no job measured it. EvaluateModelVersion does.");
    public static readonly ErrorReason NotFound = new("NOT_FOUND", Code.NotFound, "What the call needs was deleted while it ran.");

    // The state does not allow it.
    public static readonly ErrorReason RequestIdConflict = new("REQUEST_ID_CONFLICT", Code.AlreadyExists,
        "The request_id was used for a job with other content. Take a new one.") { Metadata = ["request_id"] };
    public static readonly ErrorReason AliasConflict = new("ALIAS_CONFLICT", Code.Aborted,
        "The alias does not point where expected_version says: somebody moved it. Read the model and decide anew.");
    public static readonly ErrorReason DatasetInUse = new("DATASET_IN_USE", Code.FailedPrecondition,
        "Jobs that are not done need the data set. Wait for them or cancel them.") { Metadata = ["job", "job_count"] };
    public static readonly ErrorReason JobDone = OfJob("JOB_DONE", "The job is done, so it cannot be paused or resumed.");
    public static readonly ErrorReason JobNotDone = OfJob("JOB_NOT_DONE", "The job is not done, so it cannot be deleted. Cancel it first.");
    public static readonly ErrorReason JobNotSucceeded = OfJob("JOB_NOT_SUCCEEDED", "The job has published nothing that a second run could be compared with.");
    public static readonly ErrorReason JobNotPaused = OfJob("JOB_NOT_PAUSED", "The job waits or runs already; there is nothing to resume.");
    public static readonly ErrorReason JobCancelRequested = OfJob("JOB_CANCEL_REQUESTED", "The job is being cancelled, which cannot be taken back.");
    public static readonly ErrorReason VersionHasAlias = State("VERSION_HAS_ALIAS", "An alias names the version. Move or delete the alias first.");
    public static readonly ErrorReason ModelHasAlias = State("MODEL_HAS_ALIAS", "The model has an alias. Delete it first.");
    public static readonly ErrorReason VersionInUse = State("VERSION_IN_USE",
        "A job that is not done starts from the version, or writes to the model. Wait for it or cancel it.");
    public static readonly ErrorReason NoPreviousVersion = State("NO_PREVIOUS_VERSION",
        "The alias has not moved yet, or the version that it named before is deleted. Name a version.");
    public static readonly ErrorReason ModelNotLoadable = OfVersion("MODEL_NOT_LOADABLE",
        "The version cannot be served: a file of it is missing or damaged, or its parts do not fit each other.");
    public static readonly ErrorReason ModelHasNoHead = OfVersion("MODEL_HAS_NO_HEAD",
        "The version is a backbone: something to train from, not to classify with.");
    public static readonly ErrorReason VersionHasNoWeights = OfVersion("VERSION_HAS_NO_WEIGHTS",
        "The version was imported as a graph for inference, whose weights are folded. Download the graph.");

    // A limit on what goes on at one time, or on what fits.
    public static readonly ErrorReason QueueFull = new("QUEUE_FULL", Code.ResourceExhausted,
        "The network's queue has no place for the images of the request.") { RetryDelay = Busy };
    public static readonly ErrorReason TooManyUploads = Crowded("TOO_MANY_UPLOADS", "Limits:MaxConcurrentUploads uploads and imports run.");
    public static readonly ErrorReason TooManyDownloads = Crowded("TOO_MANY_DOWNLOADS", "Limits:MaxConcurrentDownloads downloads run.");
    public static readonly ErrorReason TooManyTasks = Crowded("TOO_MANY_TASKS", "Limits:MaxWaitingTasks calls wait for a trainer.");
    public static readonly ErrorReason DiskFull = new("DISK_FULL", Code.ResourceExhausted,
        "The disk of the workspace is full; nothing of the call is kept. Free some space. A job waits for room and does not fail by it.");
    public static readonly ErrorReason OutOfMemory = new("OUT_OF_MEMORY", Code.ResourceExhausted,
        "There is not enough memory. For a job: choose a smaller micro_batch_size, crop or network. For a call: nothing of it is kept; send less at a time.");

    // Something is not there just now.
    public static readonly ErrorReason ServerStopping = new("SERVER_STOPPING", Code.Unavailable,
        "The server is stopping. A watch goes on from its last cursor.") { RetryDelay = Restart };
    public static readonly ErrorReason NoTrainer = new("NO_TRAINER", Code.Unavailable,
        "No trainer took up the work within Limits:TaskPickupTimeout. Start one; the server's log tells how its own one fares.")
        { RetryDelay = Restart };
    public static readonly ErrorReason StoreBusy = new("STORE_BUSY", Code.Unavailable, "Another process writes to the store.") { RetryDelay = Busy };
    public static readonly ErrorReason StoreUnavailable = new("STORE_UNAVAILABLE", Code.Unavailable,
        "The store cannot be read or written just now: its disk fails. Nothing of the call is stored.") { RetryDelay = Restart };

    // Time has run out, or the caller has gone.
    public static readonly ErrorReason DeadlineExceeded = new("DEADLINE_EXCEEDED", Code.DeadlineExceeded, "The deadline of the call has passed.");
    public static readonly ErrorReason Cancelled = new("CANCELLED", Code.Cancelled, "The caller has left.");
    public static readonly ErrorReason UploadIdle = new("UPLOAD_IDLE", Code.DeadlineExceeded, "The client sent nothing for Limits:UploadIdleTimeout.");
    public static readonly ErrorReason DownloadIdle = new("DOWNLOAD_IDLE", Code.DeadlineExceeded, "The client took nothing for Limits:DownloadIdleTimeout.");

    // Bytes are not what they were.
    public static readonly ErrorReason ChecksumMismatch = new("CHECKSUM_MISMATCH", Code.DataLoss,
        "Other bytes arrived than were sent. Nothing is stored; send them again.");
    public static readonly ErrorReason BlobCorrupt = Damaged("BLOB_CORRUPT", "A file of the store was changed or damaged on its disk.");
    public static readonly ErrorReason BlobMissing = Damaged("BLOB_MISSING", "A file of the store is gone from its disk.");
    public static readonly ErrorReason StoreDamaged = new("STORE_DAMAGED", Code.DataLoss, 
        "The database or a file of the store is damaged or missing. Run bit doctor.");

    // What a trainer says: the error of a job that failed, or of a call that a trainer works for (validate_only, preview, evaluation, import).
    public static readonly ErrorReason InvalidPlan = new("INVALID_PLAN", Code.InvalidArgument, "The values contradict each other or do not fit the data set.");
    public static readonly ErrorReason UnknownNetwork = new("UNKNOWN_NETWORK", Code.InvalidArgument, "There is no network of that name.");
    public static readonly ErrorReason InvalidWeights = new("INVALID_WEIGHTS", Code.InvalidArgument,
        "An npz that is not of the network: the message names every missing, extra or misshapen array.");
    public static readonly ErrorReason InvalidGraph = new("INVALID_GRAPH", Code.InvalidArgument,
        "An ONNX file that this service did not make; the message says what is foreign in it.");
    public static readonly ErrorReason BadPhoto = new("BAD_PHOTO", Code.InvalidArgument, "A photo of the data set cannot be decoded.");
    public static readonly ErrorReason LabelMismatch = new("LABEL_MISMATCH", Code.InvalidArgument, "The data set has classes that the version does not know.");
    public static readonly ErrorReason NoPhotos = new("NO_PHOTOS", Code.InvalidArgument, "The split has no photo.");
    public static readonly ErrorReason Diverged = State("DIVERGED",
        "The loss or a gradient is no number any more, or the gradient explodes. Choose a smaller learning rate; the message says which.");
    public static readonly ErrorReason ExecutionProvider = State("EXECUTION_PROVIDER", "The trainer's execution provider cannot be loaded.");
    public static readonly ErrorReason EngineNotBuilt = State("ENGINE_NOT_BUILT",
        "The engine is not part of the trainer's build; the message says what to build (docs/ort-training.md).");
    public static readonly ErrorReason InvalidArtifacts = State("INVALID_ARTIFACTS", "ONNX Runtime Training would not train with the graphs; worth reporting.");
    public static readonly ErrorReason BrokenModel = State("BROKEN_MODEL", "The network gives values that are no numbers.");
    public static readonly ErrorReason UnsupportedTask = State("UNSUPPORTED_TASK", "The trainer is older than the server and does not know this work.");
    public static readonly ErrorReason WorkerLost = new("WORKER_LOST", Code.Aborted,
        "The trainer vanished several times without getting further: it was killed, most likely for its memory. Submit the job again.");

    // Our fault.
    public static readonly ErrorReason InferenceFailed = new("INFERENCE_FAILED", Code.Internal, "The network failed on a batch; the server's log holds the details.");
    public static readonly ErrorReason Internal = new("INTERNAL", Code.Internal, "Nobody foresaw this; the server's log holds the details. Worth reporting.");

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyDictionary<string, ErrorReason> ByName { get; } = typeof(ErrorReasons)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (ErrorReason)field.GetValue(null)!)
        .ToFrozenDictionary(reason => reason.Name, StringComparer.Ordinal);

    /// <summary>The reason of a name that the store, or a trainer, gave.</summary>
    /// <returns>For a name that is not known, which a newer trainer may give: that name, as an internal error.</returns>
    public static ErrorReason Named(string name) => ByName.GetValueOrDefault(name) ?? Internal with { Name = name };

    private static ErrorReason Missing(string name, string meaning) => new(name, Code.NotFound, meaning) { Metadata = ["resource"] };

    private static ErrorReason OfJob(string name, string meaning) => new(name, Code.FailedPrecondition, meaning) { Metadata = ["job"] };

    private static ErrorReason OfVersion(string name, string meaning) => new(name, Code.FailedPrecondition, meaning) { Metadata = ["version"] };

    private static ErrorReason State(string name, string meaning) => new(name, Code.FailedPrecondition, meaning);

    private static ErrorReason Crowded(string name, string meaning) =>
        new(name, Code.ResourceExhausted, meaning) { RetryDelay = Busy, Metadata = ["limit"] };

    private static ErrorReason Damaged(string name, string meaning) => new(name, Code.DataLoss, meaning) { Metadata = ["sha256"] };
}
