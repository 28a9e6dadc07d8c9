namespace BiT.Core.Store;
public sealed class BlobStore
{
    public string Put(Stream content, CancellationToken ct = default) => throw new NotSupportedException();
    public Task<string> PutAsync(Stream content, CancellationToken ct = default) => throw new NotSupportedException();
    public string PutFile(string path) => throw new NotSupportedException();
    public string PathOf(string hash) => throw new NotSupportedException();
    public bool Contains(string hash) => throw new NotSupportedException();
    public Stream OpenRead(string hash) => throw new NotSupportedException();
    public byte[] ReadAllBytes(string hash) => throw new NotSupportedException();
    /// <summary>Reads the whole blob and checks its hash.</summary>
    public void Verify(string hash) => throw new NotSupportedException();
}
