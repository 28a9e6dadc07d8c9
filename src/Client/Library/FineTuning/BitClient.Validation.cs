using System.Runtime.CompilerServices;
using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    /// <summary>Has a trainer resolve the plan of a job and measure what it would cost; nothing is queued. Takes seconds, minutes for large
    /// networks, and waits behind other such work: bound it by the token.</summary>
    /// <exception cref="BitException">
    /// As for <see cref="SubmitFineTuneJobAsync"/>; InvalidArgument also for a plan that contradicts itself. Unavailable: no trainer runs.
    /// </exception>
    public async Task<FineTuneEstimate> ValidateFineTuneJobAsync(FineTuneSpec spec, CancellationToken cancellationToken = default)
    {
        var request = new Wire.SubmitFineTuneJobRequest { Spec = FineTuneWire.ToWire(spec), ValidateOnly = true };
        var job = await CallAsync(
            options => _fineTuning.SubmitFineTuneJobAsync(request, options), null, cancellationToken).ConfigureAwait(false);
        return FineTuneWire.FromWire(job.Estimate ?? new Wire.FineTuneEstimate(), job.PlanJson);
    }

    /// <summary>Checks the values of a job and its base without a data set: what would be refused after an upload is refused before
    /// it.</summary>
    /// <param name="spec">What to train; its data set is not looked at.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="BitException">NotFound: no such base. InvalidArgument: see <see cref="BitException.FieldViolations"/>.</exception>
    public async Task CheckFineTuneSpecAsync(FineTuneSpec spec, CancellationToken cancellationToken = default)
    {
        var request = new Wire.SubmitFineTuneJobRequest { Spec = FineTuneWire.ToWire(spec), ValidateOnly = true };
        request.Spec.Dataset = "";
        await CallAsync(
            options => _fineTuning.SubmitFineTuneJobAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Streams a self-contained HTML page (UTF-8) with the first batches of a job exactly as training would feed them.</summary>
    /// <param name="spec">What to train; nothing is queued.</param>
    /// <param name="batchCount">Batches, 1 to 8.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <exception cref="BitException">As for <see cref="ValidateFineTuneJobAsync"/>.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> PreviewFineTuneJobAsync(
        FineTuneSpec spec, int batchCount = 2, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new Wire.PreviewFineTuneJobRequest { Spec = FineTuneWire.ToWire(spec), BatchCount = batchCount };
        using var call = _fineTuning.PreviewFineTuneJob(request, Options(null, cancellationToken));
        while (true)
        {
            try
            {
                if (!await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
                    yield break;
            }
            catch (Exception failure) when (Failures.IsOfCall(failure))
            {
                throw Failures.Translate(failure, Address, cancellationToken);
            }
            yield return call.ResponseStream.Current.Data.Memory;
        }
    }
}
