namespace BiT.Core.Store;
public sealed class DatasetStore
{
    public DatasetRecord Save(string displayName, IEnumerable<Photo> photos) => throw new NotSupportedException();
    public DatasetRecord? Find(string id) => throw new NotSupportedException();
    public Page<DatasetRecord> List(int pageSize, string? pageToken) => throw new NotSupportedException();
}
