using BiT.Client;
using Grpc.Core;

namespace BiT.CommandLine.Demo;

/// <summary>One run of the demo: own server, own workspace, one fine-tuning job, a few predictions.</summary>
internal sealed class DemoRun(Terminal terminal)
{
    private const string ModelName = "demo";
    private const string DefaultNetwork = "bit-tiny";

    // Pictures classified to check the served model, and those of them that are shown.
    private const int MaxCheckedPictures = 200;
    private const int ShownPictures = 15;
    private const ulong ChoiceSeed = 5;

    // With start, upload, evaluation and publishing the demo then stays under three minutes on two cores.
    private static readonly TimeSpan DefaultTimeBudget = TimeSpan.FromSeconds(90);

    // A trainer that cannot start is started again and again by the server; here a person waits for it.
    private static readonly TimeSpan TrainerTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TrainerCheckInterval = TimeSpan.FromSeconds(5);
    private const int MaxAttempts = 5;

    // How long a server that does not answer may take to end.
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Photos to learn from, a folder or a ZIP archive; null draws flowers.</summary>
    public string? Data { get; init; }

    /// <summary>Whether the workspace outlives the demo.</summary>
    public bool Keep { get; init; }

    public required string ServerExecutable { get; init; }

    public required string TrainerExecutable { get; init; }

    /// <summary>What the command line asks for, given a data set and a model.</summary>
    public required Func<string, string, FineTuneSpec> SpecFor { get; init; }

    /// <summary>Runs it; the server is stopped and the workspace deleted whatever happens.</summary>
    /// <exception cref="CommandException">The job failed, or the server ended.</exception>
    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        var started = terminal.Time.GetTimestamp();
        // Before anything is started: a bad folder should fail at once.
        var given = Data is null || File.Exists(Data) ? null : PhotoFolder.Read(Data);
        await using var workspace = new TemporaryWorkspace(Keep);
        if (Data is not null && given is null)
            given = ArchiveFolder.Unpack(Data, workspace.Pictures, cancellationToken);
        if (Keep)
            terminal.Say($"Workspace, kept: {workspace.Path}");
        var photos = HeldOut.Split(given ?? Draw(workspace, cancellationToken), cancellationToken);

        using var log = TextWriter.Synchronized(new StreamWriter(workspace.ServerLog) { AutoFlush = true });
        await using var server = await ServerProcess.StartAsync(
            new ServerStart
            {
                Executable = ServerExecutable,
                Trainer = TrainerExecutable,
                Workspace = workspace.Workspace,
                // Gone before anybody could look.
                WebAddress = "none",
                Log = log.WriteLine,
            },
            cancellationToken);
        Step($"Started a server at {server.Address}", started);
        await using var memory = new TrainerMemory(server.Id, terminal.Time);
        var report = await UnlessAsync(server.WhenEndedAsync, cancel => LearnAndClassifyAsync(server, photos, cancel), cancellationToken);
        return report with
        {
            Seconds = Math.Round(terminal.Time.GetElapsedTime(started).TotalSeconds, 1),
            PeakTrainerMemoryMb = memory.PeakMegabytes,
            Workspace = Keep ? workspace.Path : null,
        };
    }

    private PhotoFolder Draw(TemporaryWorkspace workspace, CancellationToken cancellationToken)
    {
        var started = terminal.Time.GetTimestamp();
        var set = new FlowerSet();
        set.WriteTo(workspace.Pictures, cancellationToken);
        Step($"Drew {set.TrainPerFlower} + {set.ValidationPerFlower} pictures each of {string.Join(", ", FlowerSet.Labels)}", started);
        return PhotoFolder.Read(workspace.Pictures);
    }

    private async Task<DemoReport> LearnAndClassifyAsync(
        ServerProcess server, IReadOnlyList<PhotoFile> photos, CancellationToken cancellationToken)
    {
        using var client = new BitClient(server.Address);
        var dataset = await DatasetInput.UploadPhotosAsync(terminal, client, ModelName, photos, cancellationToken);
        var submitted = await client.SubmitFineTuneJobAsync(
            Complete(SpecFor(dataset.Name, ModelName)), cancellationToken: cancellationToken);
        var training = terminal.Time.GetTimestamp();
        var followed = await UnlessAsync(
            cancel => WhenTrainerIsLostAsync(server, client, submitted.Name, cancel),
            cancel => FollowAsync(client, submitted.Name, cancel),
            cancellationToken);
        JobWatch.RequireSuccess(followed.Job);
        Step($"Trained {followed.Job.ModelVersion}", training);

        if (followed.Job.PromotionOutcome is not { IsPromoted: true })
        {
            throw new CommandException(ExitCodes.Failed, "NOT_PROMOTED",
                followed.Job.PromotionOutcome?.Reason ?? $"{followed.Job.ModelVersion} was not promoted.");
        }
        terminal.Say($"Promoted it: models/{ModelName}@{Model.LiveAlias} answers with it");
        var predictions = await PredictAsync(client, HeldOut.Choose(photos, MaxCheckedPictures, ChoiceSeed), cancellationToken);
        var shown = HeldOut.Choose(photos, ShownPictures, ChoiceSeed).Select(photo => photo.FileName).ToHashSet(StringComparer.Ordinal);
        var version = await FindVersionAsync(client, followed.Job.ModelVersion, cancellationToken);
        return new DemoReport
        {
            ValidationAccuracy = version?.ValidationAccuracy ?? followed.Job.Progress?.BestValidationAccuracy,
            ImagesPerSecond = followed.ImagesPerSecond is { } speed ? Math.Round(speed, 1) : null,
            Seconds = 0,
            TrainingSeconds = followed.Job is { StartTime: { } start, EndTime: { } end } ? Math.Round((end - start).TotalSeconds, 1) : null,
            ModelVersion = followed.Job.ModelVersion,
            Network = version?.Network ?? "",
            Method = version?.Method ?? "",
            TrainedMethod = PlanText.Flatten(followed.Job.PlanJson).FirstOrDefault(value => value.Name == "method").Value ?? "",
            TrainPhotoCount = dataset.TrainPhotoCount,
            ValidationPhotoCount = dataset.ValidationPhotoCount,
            ServedAccuracy = predictions.Count == 0 ? null : predictions.Average(prediction => prediction.Correct ? 1.0 : 0.0),
            ServedPictureCount = predictions.Count,
            Predictions = [.. predictions.Where(prediction => shown.Contains(prediction.File))],
        };
    }

    // Unlike `finetune --wait`, Ctrl+C leaves nothing running here: the server goes with the demo.
    private async Task<FollowedJob> FollowAsync(BitClient client, string job, CancellationToken cancellationToken)
    {
        try
        {
            return await JobWatch.FollowAsync(terminal, client, job, cancellationToken);
        }
        catch (CommandException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private static async Task<ModelVersion?> FindVersionAsync(BitClient client, string name, CancellationToken cancellationToken)
        => await client.ListModelVersionsAsync(ModelName, cancellationToken)
            .FirstOrDefaultAsync(version => version.Name == name, cancellationToken);

    private async Task<List<DemoPrediction>> PredictAsync(
        BitClient client, IReadOnlyList<PhotoFile> chosen, CancellationToken cancellationToken)
    {
        var predictions = new List<DemoPrediction>(chosen.Count);
        await foreach (var outcome in client.ClassifyFilesAsync(ModelName, chosen.Select(photo => photo.Path), 1, cancellationToken))
        {
            // A photo that the server left out of the data set is refused here for the same reason; it was reported at the upload.
            if (outcome.Error is null)
                predictions.Add(DemoReport.Of(chosen.First(photo => photo.Path == outcome.Path), outcome));
        }
        return predictions;
    }

    private static FineTuneSpec Complete(FineTuneSpec spec) => spec with
    {
        Network = spec.Network.Length == 0 && spec.Base.Length == 0 ? DefaultNetwork : spec.Network,
        Promotion = PromotionRule.Always,
        Overrides = spec.Overrides with { TimeBudget = spec.Overrides.TimeBudget ?? DefaultTimeBudget },
    };

    private async Task<Failure> WhenTrainerIsLostAsync(
        ServerProcess server, BitClient client, string name, CancellationToken cancellationToken)
    {
        var since = terminal.Time.GetTimestamp();
        while (true)
        {
            await Task.Delay(TrainerCheckInterval, terminal.Time, cancellationToken);
            FineTuneJob job;
            try
            {
                job = await client.GetFineTuneJobAsync(name, cancellationToken);
            }
            catch (BitException)
            {
                // Whether the server is lost is not decided here.
                continue;
            }
            if (job.Attempt > MaxAttempts)
                return new Failure(ExitCodes.Failed, "TRAINER_ENDS",
                    $"The trainer took {name} {job.Attempt} times and ended each time. The server's last words:{server.LogTail()}");
            if (job.Attempt == 0 && terminal.Time.GetElapsedTime(since) > TrainerTimeout)
                return new Failure(ExitCodes.Failed, "NO_TRAINER",
                    $"No trainer took {name} within {TrainerTimeout.TotalSeconds:0} s. The server's last words:{server.LogTail()}");
        }
    }

    // A watch waits for a lost server, and a server for a lost trainer, to come back; these will not, and somebody is waiting.
    private async Task<T> UnlessAsync<T>(
        Func<CancellationToken, Task<Failure>> whenLost, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lost = whenLost(stop.Token);
        var working = work(stop.Token);
        // A dying server is noticed first by the calls that break, a moment later by its exit code, which says more.
        if (await Task.WhenAny(working, lost) == working
            && working.Exception?.InnerException is BitException { Code: StatusCode.Unavailable })
            await Task.WhenAny(lost, Task.Delay(EndTimeout, terminal.Time, cancellationToken));
        await stop.CancelAsync();
        try
        {
            return await working;
        }
        catch (Exception failure) when (lost.IsCompletedSuccessfully && !cancellationToken.IsCancellationRequested
            && failure is OperationCanceledException or BitException)
        {
            throw new CommandException(await lost);
        }
        finally
        {
            // Whatever became of it, nobody asks any more; its failure is not a failure of the work.
            await lost.ContinueWith(
                task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private void Step(string what, long since)
        => terminal.Say(Show.Invariant($"{what} ({terminal.Time.GetElapsedTime(since).TotalSeconds:0.0} s)"));
}
