using System.Diagnostics;
using System.Security.Cryptography;

namespace BiT.Core.Store;

/// <summary>Blobs: whether everything that rows name is there and unchanged, and what lies there besides.</summary>
internal static class BlobFiles
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    public static void Check(WorkspaceInspection inspection, CancellationToken ct)
    {
        var blobs = new BlobStore(inspection.FolderOf("blobs"), inspection.FolderOf("tmp"));
        var said = Stopwatch.StartNew();
        foreach (var hash in inspection.Uses.Hashes)
        {
            ct.ThrowIfCancellationRequested();
            Check(inspection, blobs, hash);
            if (said.Elapsed < ProgressInterval)
                continue;
            inspection.Options.Progress(WorkspaceInspection.Invariant(
                $"{inspection.Counts.Blobs} of {inspection.Uses.Hashes.Count} blobs, {inspection.Counts.BlobBytes / 1e6:N0} MB"));
            said.Restart();
        }
        CheckOthers(inspection, blobs);
    }

    private static void Check(WorkspaceInspection inspection, BlobStore blobs, string hash)
    {
        if (!ResourceIds.IsHash(hash))
        {
            inspection.Error("BLOB_MISSING", hash, $"{inspection.Uses.UsersOf(hash)} names it, and it is not the name of a blob. {InspectedDatabase.Cure}");
            return;
        }
        inspection.Counts.Blobs++;
        var file = new FileInfo(blobs.PathOf(hash));
        if (!file.Exists)
        {
            Report(inspection, blobs, hash, "BLOB_MISSING", "There is no such file.");
            return;
        }
        inspection.Counts.BlobBytes += file.Length;
        if (inspection.Uses.LengthOf(hash) is { } length && file.Length != length)
            Report(inspection, blobs, hash, "BLOB_DAMAGED", WorkspaceInspection.Invariant($"The file has {file.Length} bytes instead of {length}."));
        else if (!inspection.Options.IsQuick && Hash(file) is var actual && actual != hash)
            Report(inspection, blobs, hash, "BLOB_DAMAGED", $"The content of the file has the sha256 {actual}.");
    }

    private static void Report(WorkspaceInspection inspection, BlobStore blobs, string hash, string code, string what)
    {
        var source = inspection.Options.Source is { } folder ? new FileInfo(new BlobStore(Path.Combine(folder, "blobs"), folder).PathOf(hash)) : null;
        var isThere = source is { Exists: true } && Hash(source) == hash;
        var cure = isThere ? $"{source?.FullName} has it."
            : (source is null ? "" : $"{inspection.Options.Source} does not have it either. ")
            + "Storing the same content again heals it: upload the photos or import the file again, or repair with a backup (bit doctor --repair --from BACKUP).";
        inspection.Error(code, $"blobs/{hash[..2]}/{hash}", $"{what} Needed by {inspection.Uses.UsersOf(hash)}. {cure}",
            isThere && source is not null ? () => blobs.PutFile(source.FullName) : null);
    }

    private static void CheckOthers(WorkspaceInspection inspection, BlobStore blobs)
    {
        var others = new FileCount();
        foreach (var file in blobs.EnumerateFiles().Where(file => !inspection.Uses.Contains(file.Name)))
            others += file.Length;
        if (others.Files > 0)
        {
            inspection.Note("BLOBS_UNREFERENCED", "blobs", WorkspaceInspection.Invariant(
                $"{others.Files} blob(s) of {others.Bytes / 1e6:N1} MB are not referred to: on their way, or of something deleted. bit gc removes them in time."));
        }
        if (!Directory.Exists(inspection.FolderOf("blobs")))
            return;
        var known = blobs.EnumerateFiles().Select(file => file.FullName).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(inspection.FolderOf("blobs"), "*", SearchOption.AllDirectories).Where(path => !known.Contains(path)))
        {
            // One that was just renamed into place is a blob.
            if (!ResourceIds.IsHash(Path.GetFileName(path)))
                inspection.Note("STRAY_FILE", Path.GetRelativePath(inspection.Path, path), "Not a blob; nothing of the service put it there.");
        }
    }

    private static string Hash(FileInfo file)
    {
        using var content = file.OpenRead();
        return Convert.ToHexStringLower(SHA256.HashData(content));
    }
}
