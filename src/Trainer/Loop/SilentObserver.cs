using BiT.Training.Checkpoints;

namespace BiT.Training.Loop;

/// <summary>Tells nobody: for a run of seconds within another.</summary>
internal sealed class SilentObserver : ILoopObserver
{
    public void OnMicroBatch(LoopProgress progress)
    {
    }

    public void OnEvaluating(long step)
    {
    }

    public void OnEvaluated(EvaluationPoint point, bool isBest)
    {
    }

    public void OnCheckpointing()
    {
    }

    public void OnCheckpoint(string path)
    {
    }

    public void OnCheckpointFailed(Exception problem)
    {
    }
}
