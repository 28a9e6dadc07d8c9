namespace BiT.Core.Store;
public sealed class ModelStore
{
    public ModelRecord? Find(string modelId) => throw new NotSupportedException();
    public Page<ModelRecord> List(int pageSize, string? pageToken) => throw new NotSupportedException();
    public ModelVersionRecord? FindVersion(ModelVersionId id) => throw new NotSupportedException();
    public Page<ModelVersionRecord> ListVersions(string modelId, int pageSize, string? pageToken) => throw new NotSupportedException();
    public void SetAlias(string modelId, string alias, int version, OptionalExpected expected) => throw new NotSupportedException();
    public ModelVersionRecord? Resolve(string modelId, string alias) => throw new NotSupportedException();
    public ModelVersionRecord Import(string modelId, ModelManifest manifest) => throw new NotSupportedException();
}
