using BiT.Protocol.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace BiT.Client;

/// <summary>Which calls may be sent again: only those that change nothing, and only when the service was not there.</summary>
internal static class ReadRetries
{
    private static readonly Dictionary<ServiceDescriptor, string[]> Reads = new()
    {
        [ClassificationService.Descriptor] = ["Classify"],
        [DatasetService.Descriptor] = ["GetDataset", "ListDatasets", "ListDatasetProblems", "GetDatasetPage"],
        [FineTuningService.Descriptor] = ["GetFineTuneJob", "ListFineTuneJobs"],
        [ModelService.Descriptor] =
            ["GetModel", "ListModels", "ListModelVersions", "GetModelVersion", "GetModelReport", "GetModelReportPage", "DownloadModelVersion"],
    };

    internal static ServiceConfig Configure(int maxAttempts)
    {
        var config = new ServiceConfig();
        if (maxAttempts < 2)
            return config;
        var reads = new MethodConfig
        {
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = maxAttempts,
                InitialBackoff = TimeSpan.FromMilliseconds(150),
                MaxBackoff = TimeSpan.FromSeconds(2),
                BackoffMultiplier = 2,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        foreach (var (service, methods) in Reads)
            foreach (var method in methods)
                reads.Names.Add(new MethodName { Service = service.FullName, Method = method });
        config.MethodConfigs.Add(reads);
        return config;
    }
}
