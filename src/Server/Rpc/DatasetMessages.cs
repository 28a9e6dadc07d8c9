using BiT.Core.Store;
using BiT.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Split = BiT.Core.Store.Split;

namespace BiT.Serving.Rpc;

/// <summary>Data sets as messages.</summary>
internal static class DatasetMessages
{
    public static Dataset Of(DatasetRecord dataset)
    {
        var message = new Dataset
        {
            Name = ResourceNames.OfDataset(dataset.Id),
            DisplayName = dataset.DisplayName,
            CreateTime = dataset.CreateTime.ToTimestamp(),
            TrainPhotoCount = dataset.Photos.Count(photo => photo.Split == Split.Train),
            ValidationPhotoCount = dataset.Photos.Count(photo => photo.Split == Split.Validation),
            ByteCount = dataset.Photos.Sum(photo => photo.ByteCount),
            MedianArea = dataset.MedianTrainArea,
        };
        var photos = dataset.Photos.ToLookup(photo => photo.Label, StringComparer.Ordinal);
        message.Classes.AddRange(dataset.Labels.Select(label => new DatasetClass
        {
            Label = label,
            TrainPhotoCount = photos[label].Count(photo => photo.Split == Split.Train),
            ValidationPhotoCount = photos[label].Count(photo => photo.Split == Split.Validation),
        }));
        return message;
    }
}
