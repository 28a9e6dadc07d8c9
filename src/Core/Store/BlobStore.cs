using System.Security.Cryptography;

namespace BiT.Core.Store;

/// <summary>Files named by the sha256 of their content: photos, graphs, weights. A blob never changes; what is there is whole.</summary>
public sealed class BlobStore
{
    private const int BufferLength = 128 * 1024;
    private const string AbandonedPattern = "*" + BlobWriter.TemporarySuffix;

    // No upload takes a day; a temporary file that old belongs to a process that died.
    private static readonly TimeSpan AbandonedAge = TimeSpan.FromDays(1);

    private readonly string _folder;
    private readonly string _temporaryFolder;

    internal BlobStore(string folder, string temporaryFolder)
    {
        _folder = folder;
        _temporaryFolder = temporaryFolder;
    }

    /// <summary>Stores content. Storing what is there already is fine, and heals a damaged blob.</summary>
    /// <param name="content">Read to its end; stays the caller's.</param>
    /// <returns>sha256 of the content, hexadecimal.</returns>
    /// <exception cref="IOException">Reading or writing failed (a full disk, for example); nothing is left behind.</exception>
    public string Put(Stream content, CancellationToken ct = default)
    {
        using var writer = new BlobWriter(this, _temporaryFolder);
        var buffer = new byte[BufferLength];
        for (int read; (read = content.Read(buffer)) > 0;)
        {
            ct.ThrowIfCancellationRequested();
            writer.Append(buffer.AsSpan(0, read));
        }
        ct.ThrowIfCancellationRequested();
        return writer.Commit();
    }

    /// <summary>As <see cref="Put"/>, reading asynchronously.</summary>
    public async Task<string> PutAsync(Stream content, CancellationToken ct = default)
    {
        using var writer = new BlobWriter(this, _temporaryFolder);
        var buffer = new byte[BufferLength];
        for (int read; (read = await content.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0;)
            writer.Append(buffer.AsSpan(0, read));
        ct.ThrowIfCancellationRequested();
        return writer.Commit();
    }

    /// <summary>As <see cref="Put"/>, for content that comes in pieces. What the enumeration throws comes to the caller, and nothing is
    /// stored.</summary>
    /// <param name="pieces">Each piece is read before the next is asked for.</param>
    /// <param name="ct">Cancels the enumeration.</param>
    public async Task<string> PutAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, CancellationToken ct = default)
    {
        using var writer = new BlobWriter(this, _temporaryFolder);
        await foreach (var piece in pieces.WithCancellation(ct).ConfigureAwait(false))
            writer.Append(piece.Span);
        ct.ThrowIfCancellationRequested();
        return writer.Commit();
    }

    /// <summary>Stores a copy of a file.</summary>
    /// <returns>sha256 of the content, hexadecimal.</returns>
    public string PutFile(string path)
    {
        using var content = File.OpenRead(path);
        return Put(content);
    }

    /// <summary>Where a blob lies, or would lie. Blobs are read-only: hard-link or copy, never write.</summary>
    /// <exception cref="ArgumentException">Not 64 hexadecimal digits in lower case.</exception>
    public string PathOf(string hash)
    {
        ResourceIds.CheckHash(hash);
        return Path.Combine(_folder, hash[..2], hash);
    }

    /// <summary>Whether a blob is stored.</summary>
    public bool Contains(string hash) => File.Exists(PathOf(hash));

    /// <summary>Opens a blob. Does not check its hash: see <see cref="ReadAllBytes"/> and <see cref="Verify"/>.</summary>
    /// <exception cref="BlobNotFoundException">There is no such blob.</exception>
    public Stream OpenRead(string hash)
    {
        try
        {
            return new FileStream(PathOf(hash), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, BufferLength);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(hash);
        }
    }

    /// <summary>Reads a blob and checks its hash.</summary>
    /// <exception cref="BlobNotFoundException">There is no such blob.</exception>
    /// <exception cref="BlobCorruptException">The bytes do not have that hash.</exception>
    public byte[] ReadAllBytes(string hash)
    {
        using var stream = OpenRead(hash);
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        CheckContent(hash, SHA256.HashData(content), content.Length);
        return content;
    }

    /// <summary>Reads a blob of any size through and checks its hash.</summary>
    /// <exception cref="BlobNotFoundException">There is no such blob.</exception>
    /// <exception cref="BlobCorruptException">The bytes do not have that hash.</exception>
    public void Verify(string hash)
    {
        using var stream = OpenRead(hash);
        CheckContent(hash, SHA256.HashData(stream), stream.Length);
    }

    /// <summary>Where a blob lies that is to be read by its path: its bytes were checked just now. A file in its place that is sound of its kind
    /// would else be taken for it.</summary>
    /// <inheritdoc cref="Verify" path="/exception"/>
    public string VerifiedPathOf(string hash)
    {
        Verify(hash);
        return PathOf(hash);
    }

    /// <summary>Puts a graph and its external data beside each other, so that both can be opened. The caller disposes them then.</summary>
    /// <inheritdoc cref="GraphFiles.Create" path="/exception"/>
    public GraphFiles PlaceGraph(string model, string data, Action<string> log) => GraphFiles.Create(this, model, data, _temporaryFolder, log);

    /// <summary>Held while a file is put in place; see <see cref="BlobCollector"/>.</summary>
    internal FolderLock LockShared() => FolderLock.Share(_folder);

    /// <summary>Held while files are deleted.</summary>
    internal FolderLock LockAlone() => FolderLock.TakeAlone(_folder);

    /// <summary>The files of blobs; whatever else lies in the folder is left out.</summary>
    internal IEnumerable<FileInfo> EnumerateFiles() => !Directory.Exists(_folder) ? [] : new DirectoryInfo(_folder).EnumerateDirectories()
        .SelectMany(folder => folder.EnumerateFiles().Where(file => ResourceIds.IsHash(file.Name) && file.Name.StartsWith(folder.Name, StringComparison.Ordinal)));

    /// <summary>Dates blobs anew, because they may have lost their last reference: whoever reads them goes on for a while. To be called in the
    /// transaction that removes the reference.</summary>
    internal void Renew(IEnumerable<string> hashes)
    {
        var now = FileClock.Now();
        foreach (var path in hashes.Distinct().Select(PathOf).Where(File.Exists))
            File.SetLastWriteTimeUtc(path, now);
    }

    /// <summary>Fails unless every blob is stored. What is to refer to them calls it in the transaction that makes the reference.</summary>
    internal void Require(IEnumerable<string?> hashes, string usedBy)
    {
        foreach (var hash in hashes.OfType<string>().Distinct().Where(hash => !Contains(hash)))
            throw new BlobNotFoundException(hash, $"{usedBy} refers to blob {hash}, which is not in the store. Put the file first.");
    }

    /// <summary>Deletes temporary files and folders of processes that died.</summary>
    internal void DeleteAbandoned()
    {
        var now = FileClock.Now();
        foreach (var path in Directory.EnumerateFiles(_temporaryFolder, AbandonedPattern))
            if (now - File.GetLastWriteTimeUtc(path) > AbandonedAge)
                File.Delete(path);
        foreach (var path in Directory.EnumerateDirectories(_temporaryFolder, GraphFiles.FolderPrefix + "*"))
            if (now - Directory.GetLastWriteTimeUtc(path) > AbandonedAge)
                DeleteFolder(path);
    }

    private static void DeleteFolder(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Another process is tidying up too, or it is another user's: it stays until the next opening.
        }
    }

    private void CheckContent(string hash, byte[] found, long length)
    {
        var actual = Convert.ToHexStringLower(found);
        if (actual != hash)
            throw new BlobCorruptException(hash,
                $"Blob {hash} ({PathOf(hash)}, {length} bytes) is damaged: its content has the sha256 {actual}. Store the file again.");
    }

    private BlobNotFoundException Missing(string hash) => new(hash, $"Blob {hash} is not in the store (expected at {PathOf(hash)}).");
}
