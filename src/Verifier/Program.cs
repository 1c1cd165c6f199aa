using Assay.Hosting;
using Assay.Verifier;

return await ServiceHost.RunAsync(args, VerifierService.Describe());
