using BiT.Core.Store;
using BiT.Protocol.V1;
using BiT.Serving.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace BiT.Serving.Rpc;

/// <summary>Moving and deleting aliases, deleting versions and models.</summary>
internal sealed partial class ModelRpc
{
    public override async Task<Model> SetAlias(SetAliasRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(request.Model, "model");
        var alias = Alias(request.Alias, violations);
        var version = violations.Version(request.Version, "version");
        violations.Require(version is null || version.ModelId == modelId, "version",
            $"is {FieldViolations.Quote(request.Version)}; expected a version of {request.Model}.");
        var expected = Expected(request.HasExpectedVersion ? request.ExpectedVersion : null, modelId, violations);
        violations.ThrowIfAny();
        var model = await catalog.SetAliasAsync(version ?? throw violations.Exception(), alias, expected, context.CancellationToken);
        return ModelMessages.Of(model);
    }

    public override async Task<Model> RollbackAlias(RollbackAliasRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(request.Model, "model");
        var alias = Alias(request.Alias, violations);
        var expected = Expected(request.HasExpectedVersion ? request.ExpectedVersion : null, modelId, violations);
        violations.ThrowIfAny();
        return ModelMessages.Of(await catalog.RollBackAsync(modelId, alias, expected, context.CancellationToken));
    }

    public override async Task<Model> DeleteAlias(DeleteAliasRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(request.Model, "model");
        violations.Require(request.Alias.Length > 0, "alias", "is empty; expected the alias to delete, for example live.");
        var alias = Alias(request.Alias, violations);
        var expected = Expected(request.HasExpectedVersion ? request.ExpectedVersion : null, modelId, violations);
        violations.ThrowIfAny();
        return ModelMessages.Of(await catalog.DeleteAliasAsync(modelId, alias, expected, context.CancellationToken));
    }

    public override async Task<Empty> DeleteModelVersion(DeleteModelVersionRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var version = violations.Version(request.Name, "name");
        violations.ThrowIfAny();
        await catalog.DeleteVersionAsync(version ?? throw violations.Exception(), context.CancellationToken);
        return new Empty();
    }

    public override async Task<Empty> DeleteModel(DeleteModelRequest request, ServerCallContext context)
    {
        var violations = new FieldViolations();
        var modelId = violations.Model(request.Name, "name");
        violations.ThrowIfAny();
        await catalog.DeleteModelAsync(modelId, context.CancellationToken);
        return new Empty();
    }

    private static string Alias(string given, FieldViolations violations)
    {
        var alias = given.Length == 0 ? ModelReference.LiveAlias : given;
        violations.Require(ResourceIds.IsName(alias), "alias",
            $"is {FieldViolations.Quote(alias)}; expected 1 to 63 characters a-z, 0-9 and -, beginning with a letter.");
        return alias;
    }

    private static OptionalExpected Expected(string? given, string modelId, FieldViolations violations)
    {
        if (given is null)
            return OptionalExpected.Any;
        if (given.Length == 0)
            return OptionalExpected.Absent;
        var version = violations.Version(given, "expected_version");
        if (version is null)
            return OptionalExpected.Any;
        violations.Require(version.ModelId == modelId, "expected_version",
            $"is {FieldViolations.Quote(given)}; expected a version of {ResourceNames.OfModel(modelId)}, "
            + "or an empty text for \"no such alias yet\".");
        return OptionalExpected.Version(version.Number);
    }
}
