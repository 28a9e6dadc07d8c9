using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace BiT.Serving.Rpc;

/// <summary>Data sets as messages.</summary>
internal static class DatasetMessages
{
    public static Dataset Of(DatasetRecord dataset) => Of(dataset.Summarize());

    public static Dataset Of(DatasetSummary dataset)
    {
        var message = new Dataset
        {
            Name = ResourceNames.OfDataset(dataset.Id),
            DisplayName = dataset.DisplayName,
            CreateTime = dataset.CreateTime.ToTimestamp(),
            TrainPhotoCount = dataset.TrainPhotoCount,
            ValidationPhotoCount = dataset.ValidationPhotoCount,
            ByteCount = dataset.ByteCount,
            MedianArea = dataset.MedianTrainArea,
        };
        message.Classes.AddRange(dataset.Classes.Select(item => new DatasetClass
        {
            Label = item.Label,
            TrainPhotoCount = item.TrainPhotoCount,
            ValidationPhotoCount = item.ValidationPhotoCount,
        }));
        return message;
    }
}
