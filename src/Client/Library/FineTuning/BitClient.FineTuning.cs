using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    /// <summary>Submits a fine-tuning job; it runs as soon as a trainer is free.</summary>
    /// <param name="spec">What to train, on what, and how.</param>
    /// <param name="requestId">
    /// Makes submission idempotent: the same id with the same content returns the first job. At most 100 characters. Empty takes a new
    /// one, so that trying again (<see cref="BitClientOptions.MaxAttempts"/>) never makes a second job.
    /// </param>
    /// <exception cref="BitException">
    /// NotFound: no such data set or base. InvalidArgument: see <see cref="BitException.FieldViolations"/>. AlreadyExists: the
    /// request id was used for something else.
    /// </exception>
    public async Task<FineTuneJob> SubmitFineTuneJobAsync(
        FineTuneSpec spec, string requestId = "", CancellationToken cancellationToken = default)
    {
        var request = new Wire.SubmitFineTuneJobRequest
        {
            Spec = FineTuneWire.ToWire(spec),
            RequestId = requestId.Length > 0 ? requestId : Guid.NewGuid().ToString("N"),
        };
        return FineTuneWire.FromWire(await RepeatAsync(
            options => _fineTuning.SubmitFineTuneJobAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Returns one job as it stands now.</summary>
    /// <exception cref="BitException">NotFound: there is no such job.</exception>
    public async Task<FineTuneJob> GetFineTuneJobAsync(string job, CancellationToken cancellationToken = default)
    {
        var request = new Wire.GetFineTuneJobRequest { Name = ResourceName.Job(job) };
        return FineTuneWire.FromWire(await CallAsync(
            options => _fineTuning.GetFineTuneJobAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Lists jobs, newest first; pages are fetched as they are needed.</summary>
    /// <param name="filter">
    /// Conditions joined by AND on state, done, model and dataset, for example <c>state = RUNNING AND model = "models/flowers"</c>;
    /// empty means all.
    /// </param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="BitException">InvalidArgument: the filter is not one; the message says where.</exception>
    public IAsyncEnumerable<FineTuneJob> ListFineTuneJobsAsync(string filter = "", CancellationToken cancellationToken = default)
        => Pages.WalkAsync(async (token, cancel) =>
        {
            var request = new Wire.ListFineTuneJobsRequest { PageToken = token, Filter = filter };
            var page = await CallAsync(options => _fineTuning.ListFineTuneJobsAsync(request, options), _options.Deadline, cancel)
                .ConfigureAwait(false);
            return (page.Jobs.Select(FineTuneWire.FromWire), page.NextPageToken);
        }, cancellationToken);

    /// <summary>Asks a job to stop. A waiting job is cancelled at once, a running one soon. A job that is done stays as it is.</summary>
    /// <exception cref="BitException">NotFound: there is no such job.</exception>
    public async Task<FineTuneJob> CancelFineTuneJobAsync(string job, CancellationToken cancellationToken = default)
    {
        var request = new Wire.CancelFineTuneJobRequest { Name = ResourceName.Job(job) };
        return FineTuneWire.FromWire(await CallAsync(
            options => _fineTuning.CancelFineTuneJobAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Asks a job to pause. A waiting job is paused at once, a running one soon, at a checkpoint. A paused job stays as it
    /// is.</summary>
    /// <exception cref="BitException">NotFound: there is no such job. FailedPrecondition: it is done, or being cancelled.</exception>
    public async Task<FineTuneJob> PauseFineTuneJobAsync(string job, CancellationToken cancellationToken = default)
    {
        var request = new Wire.PauseFineTuneJobRequest { Name = ResourceName.Job(job) };
        return FineTuneWire.FromWire(await CallAsync(
            options => _fineTuning.PauseFineTuneJobAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Queues a paused job again, or takes back a pause that was asked for and has not happened yet.</summary>
    /// <exception cref="BitException">NotFound: there is no such job. FailedPrecondition: it is done, or not paused.</exception>
    public async Task<FineTuneJob> ResumeFineTuneJobAsync(string job, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ResumeFineTuneJobRequest { Name = ResourceName.Job(job) };
        return FineTuneWire.FromWire(await CallAsync(
            options => _fineTuning.ResumeFineTuneJobAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Queues a job that does again what a job that succeeded did, by its resolved plan, and publishes a version of the same model
    /// to compare with. Every call makes a job.</summary>
    /// <returns>The new job.</returns>
    /// <exception cref="BitException">NotFound: the job, its version, data set or base is gone. FailedPrecondition: it did not
    /// succeed.</exception>
    public async Task<FineTuneJob> RerunFineTuneJobAsync(string job, CancellationToken cancellationToken = default)
    {
        var request = new Wire.RerunFineTuneJobRequest { Name = ResourceName.Job(job) };
        return FineTuneWire.FromWire(await CallAsync(
            options => _fineTuning.RerunFineTuneJobAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Deletes a job that is done, with its events and checkpoints. Its version stays.</summary>
    /// <exception cref="BitException">NotFound: there is no such job. FailedPrecondition: it is not done.</exception>
    public async Task DeleteFineTuneJobAsync(string job, CancellationToken cancellationToken = default)
    {
        var request = new Wire.DeleteFineTuneJobRequest { Name = ResourceName.Job(job) };
        await CallAsync(
            options => _fineTuning.DeleteFineTuneJobAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false);
    }
}
