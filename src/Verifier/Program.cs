using Assay.Hosting;
using Assay.Verifier;
using Assay.Verifier.Verdicts;

return args is [ReplayCommand.Name, .. var rest]
    ? ReplayCommand.Run(rest, Console.Out, Console.Error)
    : await ServiceHost.RunAsync(args, VerifierService.Describe());
