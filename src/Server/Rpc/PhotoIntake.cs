using BiT.Core.Imaging;
using BiT.Core.Store;
using BiT.Serving.Startup;

namespace BiT.Serving.Rpc;

/// <summary>Takes the files of one upload, one after the other: stores the good photos and notes the others.</summary>
internal sealed class PhotoIntake(Workspace workspace, PhotoCheck check, LimitOptions limits)
{
    public const int MaxFileNameLength = 400;
    public const int MaxLabelLength = 200;

    /// <summary>What has come so far.</summary>
    public DatasetDraft Draft { get; } = new();

    /// <summary>Checks a photo and stores it, or notes why not.</summary>
    /// <param name="content">The encoded bytes, from the start.</param>
    /// <exception cref="InvalidRequestException">Too many files could not be used.</exception>
    public async Task AddAsync(string fileName, string label, Split split, MemoryStream content, CancellationToken cancellationToken)
    {
        try
        {
            var header = await check.ReadAsync(content.GetBuffer().AsMemory(0, (int)content.Length), cancellationToken);
            content.Position = 0;
            var blob = await workspace.Blobs.PutAsync(content, cancellationToken);
            Draft.Add(new Photo(Printable(fileName), label, split, blob, header.Width, header.Height, content.Length));
        }
        catch (ImageRejectedException rejected)
        {
            LeaveOut(fileName, label, rejected.Problem.ToReason(), rejected.Message);
        }
    }

    /// <summary>Notes a file of more bytes than one photo may have.</summary>
    public void LeaveOutTooLarge(string fileName, string label, long byteCount) => LeaveOut(
        fileName, label, ImageProblem.TooManyBytes.ToReason(),
        $"The image has {byteCount:N0} bytes; the limit is MaxImageBytes = {limits.MaxImageBytes:N0}. Compress it or raise the limit.");

    /// <summary>Notes a file that cannot be used.</summary>
    /// <exception cref="InvalidRequestException">Too many could not.</exception>
    public void LeaveOut(string fileName, string label, string reason, string message)
    {
        Draft.LeaveOut(Printable(fileName), label, reason, message);
        if (Draft.LeftOutCount > limits.MaxRejectedPhotos)
        {
            throw FieldViolations.Single("photo",
                $"is unusable, the {Draft.LeftOutCount}th of this upload; the limit is MaxRejectedPhotos = {limits.MaxRejectedPhotos}. "
                + $"Is this a folder of photos? The last one, {FieldViolations.Quote(Printable(fileName))}: {message}");
        }
    }

    // Names are shown on terminals, where control characters are commands.
    private static string Printable(string name) => name.Any(char.IsControl)
        ? string.Concat(name.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter))
        : name;
}
