using BiT.Core.Store;
using BiT.Training.Publishing;

namespace BiT.Training.Worker.Tasks;

/// <summary>Puts a head and its backbone together for somebody who downloads them.</summary>
internal sealed class ComposeHandler(Workspace workspace, Publisher publisher, Action<string> log) : TaskHandler
{
    public override TaskKind Kind => TaskKind.Compose;

    public override TaskOutcome Run(string request, TaskContext context)
    {
        var task = StoreJson.ReadTask<ComposeTask>(request);
        return new TaskOutcome.Result(StoreJson.Write(new HeadComposition(workspace, publisher, log).Compose(task.Version, task.File)));
    }
}
