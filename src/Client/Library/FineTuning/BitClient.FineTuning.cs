using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    /// <summary>Submits a fine-tuning job; it runs as soon as a trainer is free.</summary>
    /// <param name="spec">What to train, on what, and how.</param>
    /// <param name="requestId">
    /// Makes submission idempotent: the same id with the same content returns the first job. At most 100 characters; empty turns it off.
    /// </param>
    /// <exception cref="BitException">
    /// NotFound: no such data set or base. InvalidArgument: see <see cref="BitException.FieldViolations"/>. AlreadyExists: the
    /// request id was used for something else.
    /// </exception>
    public async Task<FineTuneJob> SubmitFineTuneJobAsync(
        FineTuneSpec spec, string requestId = "", CancellationToken cancellationToken = default)
    {
        var request = new Wire.SubmitFineTuneJobRequest { Spec = FineTuneWire.ToWire(spec), RequestId = requestId };
        return FineTuneWire.FromWire(await CallAsync(
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
    public IAsyncEnumerable<FineTuneJob> ListFineTuneJobsAsync(CancellationToken cancellationToken = default)
        => Pages.WalkAsync(async (token, cancel) =>
        {
            var request = new Wire.ListFineTuneJobsRequest { PageToken = token };
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
}
