using BiT.Core.Store;
using BiT.Serving.Hosting;
using BiT.Serving.Rpc;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using FineTuneOverrides = BiT.Protocol.V1.FineTuneOverrides;
using FineTuneSpec = BiT.Protocol.V1.FineTuneSpec;

namespace BiT.Tests.Unit.Serving.Rpc;

public sealed class FineTuneSpecReaderTests : IDisposable
{
    private static readonly string Absent = $"datasets/{new string('0', 64)}";

    private readonly TemporaryFolder _folder = new();
    private readonly Workspace _workspace;
    private readonly ModelCatalog _catalog;
    private readonly FineTuneSpecReader _reader;

    public FineTuneSpecReaderTests()
    {
        _workspace = Workspace.Open(_folder.Path, TimeProvider.System);
        _catalog = new ModelCatalog(_workspace, new GraphCache(_ => throw new InvalidOperationException("Nothing is loaded here."), 1),
            new HeadCache(_ => throw new InvalidOperationException("Nothing is loaded here."), 1), NullLogger<ModelCatalog>.Instance);
        _reader = new FineTuneSpecReader(_workspace, _catalog);
    }

    [Fact]
    public void Spec_WithManyErrors_ListsAllOfThem()
    {
        var spec = new FineTuneSpec
        {
            Dataset = "flowers",
            Model = "models/UPPER",
            Network = "R18",
            Base = "x",
            Method = "magic",
            Recipe = "soup",
            Engine = "steam",
            Overrides = new FineTuneOverrides
            {
                Steps = 0, BatchSize = 8, MicroBatchSize = 9, LearningRate = double.NaN, Resize = 64, Crop = 96, MixupAlpha = -1,
                Momentum = 2, WeightDecay = double.PositiveInfinity, EvaluationInterval = 0, EarlyStoppingPatience = -1, HeadSteps = -1,
                TimeBudget = new Duration { Seconds = long.MaxValue },
            },
        };

        var failure = Assert.Throws<InvalidRequestException>(() => FineTuneSpecReader.Parse(spec, new FieldViolations()));

        Assert.Equal([
            "spec.base", "spec.dataset", "spec.engine", "spec.method", "spec.model", "spec.network", "spec.overrides.crop",
            "spec.overrides.early_stopping_patience", "spec.overrides.evaluation_interval", "spec.overrides.head_steps", "spec.overrides.learning_rate",
            "spec.overrides.micro_batch_size", "spec.overrides.mixup_alpha",
            "spec.overrides.momentum", "spec.overrides.steps", "spec.overrides.time_budget", "spec.overrides.weight_decay", "spec.recipe"],
            failure.Violations.Select(violation => violation.Field).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("bit", null)]
    [InlineData("ort-training", "ort-training")]
    public void Engine_OfASpec_IsKeptIfItIsNotOurOwn(string engine, string? expected)
    {
        var spec = new FineTuneSpec { Dataset = Absent, Model = "models/flowers", Engine = engine };

        Assert.Equal(expected, FineTuneSpecReader.Parse(spec, new FieldViolations()).Spec.Engine);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(1_000_000, true)]
    [InlineData(1_000_001, false)]
    public void Steps_AtTheirLimits_AreHeldToThem(int steps, bool isValid)
    {
        var spec = new FineTuneSpec { Dataset = Absent, Model = "models/m", Overrides = new FineTuneOverrides { Steps = steps } };

        var failure = Assert.ThrowsAny<Exception>(() => _reader.Resolve(FineTuneSpecReader.Parse(spec, new FieldViolations())));

        // A valid value goes on to the next question, whether there is such a data set.
        Assert.IsType(isValid ? typeof(ResourceNotFoundException) : typeof(InvalidRequestException), failure);
    }

    [Fact]
    public void Spec_ThatIsNotThere_IsReadAsEmpty() =>
        Assert.Equal("spec.dataset spec.model", string.Join(' ',
            Assert.Throws<InvalidRequestException>(() => FineTuneSpecReader.Parse(null, new FieldViolations())).Violations.Select(item => item.Field)));

    [Theory]
    [InlineData(0, "", "")]
    [InlineData(1, "", "")]
    [InlineData(2, "canary", "")]
    [InlineData(3, "", "spec.promotion")]
    [InlineData(1, "UPPER", "spec.promotion_alias")]
    [InlineData(0, "canary", "spec.promotion_alias")]
    public void Promotion_RuleAndAlias_AreChecked(int rule, string alias, string field)
    {
        var spec = new FineTuneSpec
        {
            Dataset = Absent, Model = "models/m", Promotion = (BiT.Protocol.V1.PromotionRule)rule, PromotionAlias = alias,
        };

        if (field.Length == 0)
            Assert.Equal(((PromotionRule)rule, alias), (Parse(spec).Spec.Promotion, Parse(spec).Spec.PromotionAlias ?? ""));
        else
            Assert.Equal(field, Assert.Single(Assert.Throws<InvalidRequestException>(() => Parse(spec)).Violations).Field);
    }

    [Fact]
    public void Content_OfEqualRequests_IsEqualWhateverTheirBaseMeans()
    {
        var spec = new FineTuneSpec { Dataset = Absent, Model = "models/m", Base = "models/b" };
        var same = new FineTuneSpec { Dataset = Absent, Model = "models/m", Base = "models/b@live", Method = "auto", Overrides = new() };
        var other = new FineTuneSpec { Dataset = Absent, Model = "models/m", Base = "models/b@best" };

        Assert.Equal(Parse(spec).Content, Parse(same).Content);
        Assert.NotEqual(Parse(spec).Content, Parse(other).Content);
        Assert.NotEqual(Parse(spec).Content, Parse(new FineTuneSpec { Dataset = Absent, Model = "models/m" }).Content);
    }

    private static RequestedSpec Parse(FineTuneSpec spec) => FineTuneSpecReader.Parse(spec, new FieldViolations());

    public void Dispose()
    {
        _catalog.Dispose();
        _workspace.Dispose();
        _folder.Dispose();
    }
}
