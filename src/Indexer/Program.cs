using Assay.Hosting;
using Assay.Indexer;

return await ServiceHost.RunAsync(args, IndexerService.Describe());
