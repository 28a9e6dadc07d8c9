using System.Text.RegularExpressions;
using BiT.Core.Runtime;
using BiT.Core.Runtime.Kernels;

namespace BiT.Tests.Unit.Runtime.Kernels;

/// <summary>A wrong index calls another native function: the numbers are compared with the header that the package brings along.</summary>
public sealed partial class NativeRuntimeTests
{
    [Fact]
    public void Indices_AreThoseOfTheHeader()
    {
        var functions = Functions(Header());

        Assert.All(NativeRuntime.Indices, entry => Assert.True(functions.IndexOf(entry.Key) == entry.Value,
            $"{entry.Key} is number {functions.IndexOf(entry.Key)} of struct OrtApi, not {entry.Value}."));
    }

    [Fact]
    public void CustomOperator_HasTheFieldsOfTheHeader()
    {
        var text = Header();
        var start = text.IndexOf("struct OrtCustomOp {", StringComparison.Ordinal);
        var body = Comment().Replace(text[start..text.IndexOf("\n};", start, StringComparison.Ordinal)], "");
        var fields = FunctionPointer().Matches(body).Select(match => match.Groups[1].Value).Prepend("version").ToList();
        // Ours are shorter in one name.
        string[] ours = [.. typeof(CustomOperator).GetFields().Select(field => field.Name).TakeWhile(name => name != nameof(CustomOperator.Definition))
            .Select(name => name == nameof(CustomOperator.InferOutputShape) ? "InferOutputShapeFn" : name)];

        Assert.Equal(fields.Take(ours.Length), ours, StringComparer.OrdinalIgnoreCase);
    }

    private static string Header()
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var path = Path.Combine(packages, "microsoft.ml.onnxruntime", SessionFactory.RuntimeVersion, "build", "native", "include", "onnxruntime_c_api.h");
        Assert.SkipUnless(File.Exists(path), "The package's header is not on this machine.");
        return File.ReadAllText(path);
    }

    private static List<string> Functions(string header)
    {
        var start = header.IndexOf("struct OrtApi {", StringComparison.Ordinal);
        var body = Comment().Replace(header[start..header.IndexOf("\n};", start, StringComparison.Ordinal)], "");
        return [.. TableEntry().Matches(body).Select(match =>
            match.Groups["release"].Success ? "Release" + match.Groups["release"].Value : match.Groups["name"].Value)];
    }

    [GeneratedRegex(@"/\*.*?\*/|//[^\n]*", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"ORT_API2_STATUS\(\s*(?<name>\w+)|ORT_CLASS_RELEASE2?\(\s*(?<release>\w+)|\(\s*ORT_API_CALL\s*\*\s*(?<name>\w+)\s*\)")]
    private static partial Regex TableEntry();

    [GeneratedRegex(@"\(ORT_API_CALL\*\s*(\w+)\)")]
    private static partial Regex FunctionPointer();
}
