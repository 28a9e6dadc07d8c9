using BiT.Protocol.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace BiT.Client;

/// <summary>Which calls gRPC sends again when the service was not there: those that change nothing, and cancelling, which done twice is done
/// once. A submission is repeated by its own call, which gives it a request id.</summary>
internal static class RepeatableCalls
{
    /// <summary>Before the second attempt; doubles.</summary>
    internal static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(150);

    private static readonly Dictionary<ServiceDescriptor, string[]> Methods = new()
    {
        [ClassificationService.Descriptor] = ["Classify"],
        [DatasetService.Descriptor] = ["GetDataset", "ListDatasets", "ListDatasetProblems", "GetDatasetPage"],
        [FineTuningService.Descriptor] = ["GetFineTuneJob", "ListFineTuneJobs", "CancelFineTuneJob"],
        [ModelService.Descriptor] =
            ["GetModel", "ListModels", "ListModelVersions", "GetModelVersion", "GetModelReport", "GetModelReportPage", "DownloadModelVersion"],
    };

    internal static ServiceConfig Configure(int maxAttempts)
    {
        var config = new ServiceConfig();
        if (maxAttempts < 2)
            return config;
        var repeated = new MethodConfig
        {
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = maxAttempts,
                InitialBackoff = FirstDelay,
                MaxBackoff = TimeSpan.FromSeconds(2),
                BackoffMultiplier = 2,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        foreach (var (service, methods) in Methods)
            foreach (var method in methods)
                repeated.Names.Add(new MethodName { Service = service.FullName, Method = method });
        config.MethodConfigs.Add(repeated);
        return config;
    }
}
