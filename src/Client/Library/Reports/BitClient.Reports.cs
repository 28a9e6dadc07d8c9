using Wire = BiT.Protocol.V1;

namespace BiT.Client;

public sealed partial class BitClient
{
    /// <summary>Returns the curves and the evaluation that a version was published with.</summary>
    /// <param name="model">
    /// <c>flowers</c> (the version behind the alias <c>live</c>), <c>flowers@alias</c> or <c>flowers/versions/3</c>.
    /// </param>
    /// <exception cref="BitException">NotFound: there is no such version, or (REPORT_NOT_FOUND) it was imported.</exception>
    public async Task<ModelReport> GetModelReportAsync(string model, CancellationToken cancellationToken = default)
    {
        var request = new Wire.GetModelReportRequest { Name = ResourceName.Model(model) };
        return ReportWire.FromWire(await CallAsync(
            options => _models.GetModelReportAsync(request, options), _options.Deadline, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Writes the report of a version as a self-contained HTML page with plots and the photos that it is furthest off on.</summary>
    /// <param name="model">See <see cref="GetModelReportAsync"/>.</param>
    /// <param name="destination">Receives UTF-8; stays the caller's. After a failure it holds a part of the page.</param>
    /// <exception cref="BitException">As <see cref="GetModelReportAsync"/>.</exception>
    public async Task GetModelReportPageAsync(string model, Stream destination, CancellationToken cancellationToken = default)
    {
        var request = new Wire.GetModelReportPageRequest { Name = ResourceName.Model(model) };
        try
        {
            using var call = _models.GetModelReportPage(request, Options(_options.PageDeadline, cancellationToken));
            while (await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
                await destination.WriteAsync(call.ResponseStream.Current.Data.Memory, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (Failures.IsOfCall(failure))
        {
            throw Failures.Translate(failure, Address, cancellationToken);
        }
    }

    /// <summary>Classifies the photos of a data set with a version and reports how right it was. Nothing is stored.</summary>
    /// <param name="model">See <see cref="GetModelReportAsync"/>.</param>
    /// <param name="dataset">The data set; its classes must all be classes of the model.</param>
    /// <param name="split">Which photos; unspecified means all.</param>
    /// <param name="includePage">Whether <see cref="ModelReport.Page"/> is wanted.</param>
    /// <param name="cancellationToken">Stops the work, too.</param>
    /// <returns>The report, without curve.</returns>
    /// <exception cref="BitException">
    /// NotFound: no such version or data set. InvalidArgument: classes that the model does not know (LABEL_MISMATCH), or no photo in the
    /// split (NO_PHOTOS). FailedPrecondition: the version has no head, or cannot be loaded. Unavailable: no trainer runs (NO_TRAINER).
    /// </exception>
    public async Task<ModelReport> EvaluateAsync(
        string model, string dataset, Split split = Split.Unspecified, bool includePage = false,
        CancellationToken cancellationToken = default)
    {
        var request = new Wire.EvaluateModelVersionRequest
        {
            Name = ResourceName.Model(model),
            Dataset = ResourceName.Dataset(dataset),
            Split = (Wire.Split)(int)split,
            IncludePage = includePage,
        };
        try
        {
            using var call = _models.EvaluateModelVersionAsync(request, Options(_options.EvaluationDeadline, cancellationToken));
            return ReportWire.FromWire(await call.ResponseAsync.ConfigureAwait(false));
        }
        catch (Exception failure) when (Failures.IsOfCall(failure))
        {
            throw Failures.Translate(failure, Address, cancellationToken);
        }
    }
}
