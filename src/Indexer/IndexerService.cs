using Assay.Ethereum;
using Assay.Ethereum.JsonRpc;
using Assay.Hosting;
using Assay.Hosting.Database;
using Assay.Hosting.Telemetry;
using Assay.Indexer.Api;
using Assay.Indexer.Commands;
using Assay.Indexer.Proofs;
using Assay.Indexer.Publication;
using Assay.Indexer.Sources;
using Assay.Indexer.Sync;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Assay.Indexer;

/// <summary>The indexer's parts, for its own process or for a host of several services.</summary>
public static class IndexerService
{
    public static Service<IndexerOptions> Describe() => new("indexer")
    {
        Bus = options => options.Bus,
        Add = (services, options) => services.AddIndexer(options),
        Map = routes => routes.MapIndexer(),
        Commands = new Dictionary<string, ServiceCommand<IndexerOptions>>
        {
            ["rebuild"] = new("", "read everything again from the chain and print one SHA-256 per table; 1 when a table came out different") { RunAsync = RebuildCommand.RunAsync },
            ["digest"] = new("", "print one SHA-256 per table") { RunAsync = DigestCommand.RunAsync },
            ["announce"] = new("", "let the next start announce every event again") { RunAsync = AnnounceCommand.RunAsync },
            ["accept-reorg"] = new("--From=BLOCK", "after a reorg deeper than finality: give up the blocks above BLOCK, the last that both chains share (required)")
            {
                RunAsync = AcceptReorgCommand.RunAsync,
            },
            ["reconcile"] = new("[--From=BLOCK] [--To=BLOCK] …", "compare books with token after every movement, find jobs unchecked or older than --MaxAge=SECONDS and, with --Verifier=URL [--Replay=DLL], verdicts whose bundle does not recompute; 1 when something is found") { RunAsync = ReconcileCommand.RunAsync },
            ["rewards"] = new("--Epoch=N", "print the cumulative reward root after epoch N with leaves and proofs, the same bytes from the same chain") { RunAsync = RewardsCommand.RunAsync },
            ["completeness"] = new("--From=BLOCK --To=BLOCK", "print a SHA-256 over all events of these blocks from the node alone; --Of=URL compares it with that indexer's") { RunAsync = CompletenessCommand.RunAsync },
            ["compare"] = new("URL URL", "compare two indexers and find the first block that differs, without any setting")
            {
                RunAlone = args => CompareCommand.Run(args, Console.Out, Console.Error),
            },
            ["verify-proof"] = new("FILE --header=HASH", "check an answer of /proofs against a block's hash that you trust, without any setting")
            {
                RunAlone = args => VerifyProofCommand.Run(args, Console.Out, Console.Error),
            },
            ["schema"] = new("", "print what the tables are, as Markdown") { RunAsync = SchemaCommand.RunAsync },
            ["sources"] = new("", "read the configured sources up to their nodes' heads, and end") { RunAsync = SourcesCommand.RunAsync },
        },
    };

    public static IServiceCollection AddIndexer(this IServiceCollection services, IndexerOptions options)
    {
        AmountHandler.Register();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSources(options);
        return services
            .AddSingleton(options)
            .AddServiceDatabase(_ => new IndexerDatabase(options.Database.ConnectionString, options.Database.ReadConnectionString, options.Api.QuerySeconds), options.Database.StartSeconds)
            .AddSingleton(_ => new EscrowOnChain(new Web3(options.Chain.RpcUrl), options.Chain.EscrowAddress, options.Finality == Finality.Safe ? BlockTag.Safe : BlockTag.Finalized))
            .AddSingleton(provider => provider.GetRequiredService<EscrowOnChain>().Reader)
            .AddSingleton(_ => IndexerKey.Read(options.Signing))
            .AddSingleton<Prover>()
            .AddSingleton<IndexerStatus>()
            .AddSingleton<IHealthReport>(provider => provider.GetRequiredService<IndexerStatus>())
            .AddSingleton<SecondOpinion>()
            .AddSingleton<HeadWatch>()
            .AddSingleton<EventRelay>()
            .AddSingleton<SyncLoop>()
            .AddHostedService<ChainCheck>()
            .AddHostedService<Writership>()
            .AddIndexerOpenApi();
    }

    private static void AddSources(this IServiceCollection services, IndexerOptions options)
    {
        var sources = options.SourceDefinitions().Select(definition => (definition, new SourceStatus(definition.Name, TimeProvider.System))).ToList();
        foreach (var (_, status) in sources)
            services.AddSingleton<IHealthReport>(status);
        services.AddSingleton<IReadOnlyList<(SourceDefinition Definition, SourceStatus Status)>>(sources);
        if (sources.Count > 0)
            services.AddHostedService<SourceWriter>();
    }

    public static IEndpointRouteBuilder MapIndexer(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi();
        app.ServiceProvider.GetRequiredService<IndexerKey>();
        var routes = app.MapGroup("").WithGuards();
        routes.MapJobs();
        routes.MapAccounts();
        routes.MapStatements();
        routes.MapInvoices();
        routes.MapOperators();
        routes.MapEarnings();
        routes.MapReconciliation();
        routes.MapFindings();
        routes.MapChain();
        routes.MapProofs();
        routes.MapCompleteness();
        routes.MapStream();
        return app;
    }
}
