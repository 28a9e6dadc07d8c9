namespace BiT.Core.Reports;

/// <summary>Keeps the photos with the highest loss; of equal losses those that came first.</summary>
internal sealed class HighestLosses(int limit)
{
    // The one to give up next is on top: the lowest loss, and of equals the latest.
    private readonly PriorityQueue<(PhotoLoss Photo, int Order), (double Loss, int NegatedOrder)> _kept = new();
    private int _seen;

    /// <summary>Whether a photo of this loss would be kept: most are not, and need no record.</summary>
    public bool Takes(double loss) => _kept.Count < limit || loss > _kept.Peek().Photo.Loss;

    public void Add(PhotoLoss photo)
    {
        var order = _seen++;
        _kept.Enqueue((photo, order), (photo.Loss, -order));
        if (_kept.Count > limit)
            _kept.Dequeue();
    }

    public IReadOnlyList<PhotoLoss> ToList() =>
        [.. _kept.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => item.Element.Photo)];
}
