using System.CommandLine;
using Assay.Circle;
using Assay.Circle.Bench;
using Assay.Circle.Demo;

var root = new RootCommand("Assay: the whole circle on one machine.") { DemoCommand.Create(), BenchCommand.Create(), StackCommand.Create() };
// Stopping a stack in order takes longer than the two seconds that the library allows.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
