using BiT.Training.Verbs;

return await TrainerCommand.RunAsync(args, Console.Out, Console.Error);
