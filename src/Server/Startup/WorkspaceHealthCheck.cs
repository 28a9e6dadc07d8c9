using BiT.Core.Store;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BiT.Serving.Startup;

/// <summary>Healthy while the store can be read.</summary>
internal sealed class WorkspaceHealthCheck(Workspace workspace) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            workspace.Models.List(1, null);
            return Task.FromResult(HealthCheckResult.Healthy());
        }
        catch (Exception failure) when (failure is SqliteException or IOException)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy($"The store at {workspace.Path} cannot be read.", failure));
        }
    }
}
