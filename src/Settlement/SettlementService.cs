using Assay.Ethereum.Crypto;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;
using Assay.Hosting;
using Assay.Hosting.Database;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Hosting.Telemetry;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Settlement.Books;
using Assay.Settlement.Orders;
using Assay.Settlement.Payouts;
using Assay.Settlement.Relays;
using Assay.Settlement.Submission;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Assay.Settlement;

/// <summary>Takes signed orders, moves every job to its end, and keeps books that are compared with the chain.</summary>
public static class SettlementService
{
    private const string Queue = "settlement";

    public static Service<SettlementOptions> Describe() => new("settlement")
    {
        Bus = options => options.Bus,
        Add = (services, options) => services.AddSettlement(options, RelayerOf(options)),
        Consumers = bus => bus.AddSettlementConsumers(),
        Map = routes => routes.MapSettlement(),
    };

    /// <exception cref="StartRefusedException">The key cannot be read.</exception>
    public static ISigner RelayerOf(SettlementOptions options) => KeyFile.Read(options.Relayer.Keystore, options.Relayer.PasswordFile, "Relayer:Keystore");

    /// <param name="relayer">The key that pays gas; nobody else's money depends on it.</param>
    public static IServiceCollection AddSettlement(this IServiceCollection services, SettlementOptions options, ISigner relayer)
    {
        var domain = new EscrowDomain((ulong)options.Chain.Id, options.Chain.EscrowAddress);
        services.AddServiceDatabase(_ => new SettlementDatabase(options.Database.ConnectionString), options.Database.StartSeconds);
        services.AddOutbox<SettlementDatabase>(typeof(OrderReceived), typeof(OpenRefused));
        services.AddOpenApi("settlement");
        return services
            .AddSingleton<Wake>()
            .AddSingleton(_ => new SettlementChain(new EthApi(new JsonRpcClient(options.Chain.RpcUrl)), domain))
            .AddSingleton(provider => new EscrowReader(provider.GetRequiredService<SettlementChain>().Eth, domain))
            .AddHostedService(provider => new ChainAtStart(provider.GetRequiredService<SettlementChain>(), relayer.Address))
            .AddSingleton<OrderBook>()
            .AddSingleton(provider => new OrderDesk(
                provider.GetRequiredService<SettlementDatabase>(), provider.GetRequiredService<Feed<SettlementDatabase>>(),
                provider.GetRequiredService<Outbox<SettlementDatabase>>(), provider.GetRequiredService<EscrowReader>(), domain, options.Orders))
            .AddSingleton(options.Relays)
            .AddSingleton(provider => new RelayDesk(
                provider.GetRequiredService<SettlementDatabase>(), provider.GetRequiredService<Feed<SettlementDatabase>>(), provider.GetRequiredService<EscrowReader>(),
                provider.GetRequiredService<SettlementChain>(), relayer.Address, options.Relays))
            .AddSingleton<Actions>()
            .AddSingleton(provider => new RelayerLease(provider.GetRequiredService<SettlementDatabase>(), relayer.Address, domain.ChainId))
            .AddSingleton<ITransactionJournal<Batch>>(provider => new Journal<Batch>(
                provider.GetRequiredService<SettlementDatabase>(), provider.GetRequiredService<RelayerLease>(),
                new Steps(provider.GetRequiredService<Actions>(), domain.Escrow)))
            .AddSingleton(provider => new TransactionManager<Batch>(
                provider.GetRequiredService<SettlementChain>().Eth, relayer, domain.ChainId, provider.GetRequiredService<ITransactionJournal<Batch>>(),
                options.Relayer.Policy(options.Chain.Confirmations), step => Relayer.Log(provider.GetRequiredService<ILogger<Relayer>>(), step)))
            .AddSingleton(provider => new Relayer(
                provider.GetRequiredService<SettlementChain>().Eth, domain, provider.GetRequiredService<TransactionManager<Batch>>(),
                provider.GetRequiredService<Actions>(), options.Relayer, provider.GetRequiredService<ILogger<Relayer>>()))
            .AddSingleton(_ => new Beacon(options.Beacon))
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<Reconciliation>(provider, domain, options))
            .AddSingleton<PayoutLoop>()
            .AddHostedService(provider => provider.GetRequiredService<Reconciliation>())
            .AddHostedService(provider => provider.GetRequiredService<PayoutLoop>())
            .AddSingleton<IHealthReport>(provider => provider.GetRequiredService<Reconciliation>())
            .AddSingleton<IHealthReport>(provider => provider.GetRequiredService<PayoutLoop>());
    }

    public static void AddSettlementConsumers(this IBusRegistrationConfigurator bus)
    {
        bus.AddServiceConsumer<ChainConsumer>(Queue);
        bus.AddServiceConsumer<DocumentConsumer>(Queue);
    }

    public static void MapSettlement(this IEndpointRouteBuilder routes)
    {
        routes.MapOrders();
        routes.MapRelays();
        routes.MapBooks();
        // The Indexer answers below /openapi, perhaps in the same process.
        routes.MapOpenApi("/settlement/openapi/{documentName}.json");
    }
}
