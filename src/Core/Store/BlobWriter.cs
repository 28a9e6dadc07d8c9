using System.Security.Cryptography;

namespace BiT.Core.Store;

/// <summary>One blob on its way into the store: written to a temporary file and hashed, then renamed in one step.</summary>
internal sealed class BlobWriter : IDisposable
{
    public const string TemporarySuffix = ".blob.tmp";

    private readonly BlobStore _store;
    private readonly string _temporaryPath;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public BlobWriter(BlobStore store, string temporaryFolder)
    {
        _store = store;
        _temporaryPath = Path.Combine(temporaryFolder, Path.GetRandomFileName() + TemporarySuffix);
        _file = new FileStream(_temporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    public void Append(ReadOnlySpan<byte> content)
    {
        _hash.AppendData(content);
        _file.Write(content);
    }

    /// <summary>Puts the blob in place.</summary>
    /// <returns>sha256 of all that was appended, hexadecimal.</returns>
    public string Commit()
    {
        var hash = Convert.ToHexStringLower(_hash.GetHashAndReset());
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Writable = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
            File.SetUnixFileMode(_file.SafeFileHandle, File.GetUnixFileMode(_file.SafeFileHandle) & ~Writable);
        }
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        var path = _store.PathOf(hash);
        DurableFile.CreateFolder(Path.GetDirectoryName(path) ?? "/");
        // Also over an existing blob: a damaged one is healed, and readers that have the old file open keep it.
        using (_store.LockShared())
            File.Move(_temporaryPath, path, overwrite: true);
        DurableFile.FlushFolder(Path.GetDirectoryName(path) ?? "/");
        return hash;
    }

    /// <summary>Deletes what was not committed.</summary>
    public void Dispose()
    {
        _hash.Dispose();
        try
        {
            _file.Dispose();
        }
        finally
        {
            File.Delete(_temporaryPath);
        }
    }
}
