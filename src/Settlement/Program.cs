using Assay.Hosting;
using Assay.Settlement;

return await ServiceHost.RunAsync(args, SettlementService.Describe());
