using BiT.Core.Reports;
using CsCheck;

namespace BiT.Tests.Unit.Reports;

public sealed class EvaluationBuilderTests
{
    // What double arithmetic in another order may differ by over a hundred photos.
    private const double Rounding = 1e-12;

    // The builder takes the server's float32 probabilities, the reference computes in double: a float32 exponential and a division.
    private const double FloatRounding = 1e-5;

    /// <summary>Four photos of three classes with logits that are logarithms of round probabilities.</summary>
    [Fact]
    public void Build_FourPhotos_IsWhatOneComputesByHand()
    {
        var builder = new EvaluationBuilder(["a", "b", "c"]);
        Add(builder, "right-a", 0, 0.5, 0.3, 0.2);
        Add(builder, "a-as-b", 0, 0.25, 0.7, 0.05);
        Add(builder, "right-b", 1, 0.1, 0.78, 0.12);
        Add(builder, "c-as-b", 2, 0.12, 0.78, 0.1);

        var report = builder.Build();

        Assert.Equal((4, 0.5, null), (report.PhotoCount, report.Top1Accuracy, report.Top5Accuracy));
        Assert.Equal(-(Math.Log(0.5) + Math.Log(0.25) + Math.Log(0.78) + Math.Log(0.1)) / 4, report.Loss, 1e-6);
        Assert.Equal(
            [
                new ClassEvaluation("a", 2, 1, 0.5, 2 / 3.0),
                new ClassEvaluation("b", 1, 1 / 3.0, 1, 0.5),
                // Nothing was predicted as c.
                new ClassEvaluation("c", 1, null, 0, 0),
            ],
            report.Classes);
        Assert.Equal([new(0, 0, 1), new(0, 1, 1), new(1, 1, 1), new(2, 1, 1)], report.Confusion);
        Assert.Equal(["c-as-b", "a-as-b", "right-a", "right-b"], report.HighestLosses.Select(photo => photo.FileName));
        var worst = report.HighestLosses[0];
        Assert.Equal(("c", "b", "hash of c-as-b"), (worst.Label, worst.Predicted, worst.Photo));
        Assert.Equal((0.78, 0.1), (worst.PredictedProbability, worst.LabelProbability), new Near(1e-6));
        // Bins of 1/15: 0.5 in (7/15, 8/15], 0.7 in (10/15, 11/15], 0.78 twice in (11/15, 12/15]; one of those two is right.
        Assert.Equal(15, report.Calibration.Count);
        Assert.Equal([(7, 1), (10, 1), (11, 2)], report.Calibration.Index().Where(bin => bin.Item.PhotoCount > 0).Select(bin => (bin.Index, bin.Item.PhotoCount)));
        Assert.Equal((0.5 + 0.7 + 2 * 0.28) / 4, report.ExpectedCalibrationError, 1e-6);
    }

    [Fact]
    public void Build_AnyPhotos_EqualsTheSlowReference() => Photos.Sample(photos =>
    {
        var labels = Enumerable.Range(0, photos[0].Logits.Length).Select(index => $"class {index}").ToArray();
        var builder = new EvaluationBuilder(labels);
        foreach (var (photo, index) in photos.Select((photo, index) => (photo, index)))
            builder.Add($"{index}", $"{index}", photo.Logits, photo.Label);

        var report = builder.Build();
        var reference = new ReferenceEvaluation(labels.Length, photos);

        Assert.Equal(photos.Length, report.PhotoCount);
        Assert.Equal(reference.TopAccuracy(1), report.Top1Accuracy, Rounding);
        Assert.Equal(labels.Length >= 10 ? reference.TopAccuracy(5) : null, report.Top5Accuracy);
        Assert.Equal(reference.Loss, report.Loss, Rounding * (1 + reference.Loss));
        Assert.Equal(reference.Confusion, report.Confusion);
        for (var k = 0; k < labels.Length; k++)
            Assert.Equal((reference.Precision(k), reference.Recall(k), reference.F1(k)), (report.Classes[k].Precision, report.Classes[k].Recall, report.Classes[k].F1), new Near(Rounding));
        Assert.Equal(reference.HighestLosses(50), report.HighestLosses.Select(photo => photo.Loss), (x, y) => Math.Abs(x - y) <= Rounding * (1 + x));
        Assert.All(report.HighestLosses, photo => Assert.Equal(ReferenceEvaluation.Cross(photos[int.Parse(photo.FileName, null)]), photo.Loss, Rounding * (1 + photo.Loss)));
        Assert.Equal(Math.Min(50, photos.Length), report.HighestLosses.Select(photo => photo.FileName).Distinct().Count());
        Assert.Equal(photos.Length, report.Calibration.Sum(bin => bin.PhotoCount));
        Assert.All(report.Calibration.Where(bin => bin.PhotoCount > 0), bin => Assert.InRange(bin.MeanProbability, bin.From - FloatRounding, bin.To + FloatRounding));
        Assert.Equal(reference.CalibrationError, report.ExpectedCalibrationError, FloatRounding);
    }, iter: 300);

    [Fact]
    public void Build_ExtremeLogits_StaysFinite()
    {
        var builder = new EvaluationBuilder(["a", "b"]);
        builder.Add("far", "hash", [float.MinValue, float.MaxValue], 0);
        builder.Add("near", "hash", [float.MaxValue, float.MaxValue], 0);

        var report = builder.Build();

        Assert.Equal(2 * (double)float.MaxValue, report.HighestLosses[0].Loss);
        Assert.Equal(Math.Log(2), report.HighestLosses[1].Loss, Rounding);
        Assert.True(double.IsFinite(report.Loss) && double.IsFinite(report.ExpectedCalibrationError));
        Assert.Equal(ReportJson.Write(Report(report)), ReportJson.Write(ReportJson.Read(ReportJson.Write(Report(report)))));
    }

    [Fact]
    public void Build_EquallyProbableClasses_TakesTheFirstAsServingDoes()
    {
        var builder = new EvaluationBuilder(["a", "b"]);
        builder.Add("1", "hash", [1, 1], 0);
        builder.Add("2", "hash", [1, 1], 1);

        Assert.Equal([new(0, 0, 1), new(1, 0, 1)], builder.Build().Confusion);
    }

    [Theory]
    [InlineData(9, null)]
    [InlineData(10, 0.5)]
    public void Top5_NeedsTenClasses(int classes, double? expected)
    {
        var builder = new EvaluationBuilder([.. Enumerable.Range(0, classes).Select(index => $"{index}")]);
        var logits = Enumerable.Range(0, classes).Select(index => (float)-index).ToArray();
        builder.Add("fifth", "hash", logits, 4);
        builder.Add("sixth", "hash", logits, 5);

        Assert.Equal(expected, builder.Build().Top5Accuracy);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Add_LogitsThatAreNotFinite_NamesThePhoto(float logit)
    {
        var problem = Assert.Throws<EvaluationException>(() => new EvaluationBuilder(["a", "b"]).Add("odd.jpg", "hash", [0, logit], 0));

        Assert.Equal("BROKEN_MODEL", problem.Reason);
        Assert.Contains("odd.jpg", problem.Message);
    }

    [Fact]
    public void Build_WithoutPhotos_SaysSo() =>
        Assert.Equal("NO_PHOTOS", Assert.Throws<EvaluationException>(() => new EvaluationBuilder(["a"]).Build()).Reason);

    [Fact]
    public void Build_ManyClassesAndPhotos_StaysBounded()
    {
        const int classes = 3000;
        var builder = new EvaluationBuilder([.. Enumerable.Range(0, classes).Select(index => $"{index}")]);
        var logits = new float[classes];
        for (var photo = 0; photo < 20_000; photo++)
        {
            logits[photo % classes] = 9;
            builder.Add($"{photo}", "hash", logits, photo % 7 == 0 ? (photo + 1) % classes : photo % classes);
            logits[photo % classes] = 0;
        }

        var report = builder.Build();

        Assert.Equal(EvaluationBuilder.MaxHighestLosses, report.HighestLosses.Count);
        Assert.InRange(report.Confusion.Count, classes, 2 * classes);
        Assert.Equal(20_000, report.Confusion.Sum(cell => cell.PhotoCount));
    }

    [Fact]
    public void HighestLosses_OfEqualOnes_AreThoseThatCameFirst()
    {
        var builder = new EvaluationBuilder(["a", "b"]);
        for (var photo = 0; photo < 70; photo++)
            builder.Add($"{photo}", "hash", photo == 60 ? [9, 0] : [2, 0], 1);

        Assert.Equal([60, .. Enumerable.Range(0, 49)], builder.Build().HighestLosses.Select(photo => int.Parse(photo.FileName, null)));
    }

    private static readonly Gen<LabelledLogits[]> Photos =
        from classes in Gen.Int[1, 14]
        from spread in Gen.Int[0, 2].Select(index => new[] { 0.5, 5, 80 }[index])
        from photos in Gen.Select(Gen.Double[-1, 1].Array[classes], Gen.Int[0, classes - 1]).Array[1, 120]
        // Rounded to halves, so that ties happen.
        select photos.Select(photo => new LabelledLogits([.. photo.Item1.Select(value => (float)Math.Round(value * spread * 2) / 2)], photo.Item2)).ToArray();

    private static void Add(EvaluationBuilder builder, string name, int label, params double[] probabilities) =>
        builder.Add(name, $"hash of {name}", [.. probabilities.Select(value => (float)Math.Log(value))], label);

    private static VersionReport Report(EvaluationReport evaluation) => new() { DatasetId = "d", Evaluation = evaluation };

    private sealed class Near(double tolerance) : IEqualityComparer<(double, double)>, IEqualityComparer<(double?, double?, double?)>
    {
        public bool Equals((double, double) x, (double, double) y) => Close(x.Item1, y.Item1) && Close(x.Item2, y.Item2);

        public bool Equals((double?, double?, double?) x, (double?, double?, double?) y) =>
            Close(x.Item1, y.Item1) && Close(x.Item2, y.Item2) && Close(x.Item3, y.Item3);

        public int GetHashCode((double, double) obj) => 0;

        public int GetHashCode((double?, double?, double?) obj) => 0;

        private bool Close(double? x, double? y) => x is null || y is null ? x is null && y is null : Math.Abs(x.Value - y.Value) <= tolerance;
    }
}
