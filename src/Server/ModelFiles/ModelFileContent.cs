namespace BiT.Serving.ModelFiles;

/// <summary>A file that can be sent.</summary>
/// <param name="FileName">Suggested name, for example <c>flowers-3.onnx</c>.</param>
/// <param name="ByteCount">Its length.</param>
/// <param name="Sha256">Hash of all of it, 32 bytes.</param>
/// <param name="Parts">Its bytes, one part behind the other; each is opened when its turn comes.</param>
internal sealed record ModelFileContent(string FileName, long ByteCount, byte[] Sha256, IReadOnlyList<Func<Stream>> Parts);
