using BiT.Bench.Verbs;

return await BenchCommand.RunAsync(args, Console.Out, Console.Error);
