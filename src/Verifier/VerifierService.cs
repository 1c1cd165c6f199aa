using Assay.Hosting;
using Assay.Hosting.Database;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Hosting.Telemetry;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Work;
using Assay.Verifier.Nodes;
using Assay.Verifier.Redundancy;
using Assay.Verifier.Sampling;
using Assay.Verifier.Verdicts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Assay.Verifier;

/// <summary>How the verifier is put into a host, alone or beside other services.</summary>
public static class VerifierService
{
    public static Service<VerifierOptions> Describe() => new("verifier")
    {
        Bus = options => options.Bus,
        Add = (services, options) => services.AddVerifier(options),
        Consumers = bus => bus.AddVerifierConsumers(),
        Map = routes => routes.MapVerifier(),
        Commands = new Dictionary<string, ServiceCommand<VerifierOptions>>
        {
            [ReplayCommand.Name] = new("FILE [--chain-id N] …", "recompute a case from its evidence bundle alone, without any setting; replay --help")
            {
                RunAlone = args => ReplayCommand.Run(args, Console.Out, Console.Error),
            },
        },
    };

    public static IServiceCollection AddVerifier(this IServiceCollection services, VerifierOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        var witness = options.Blobs.Keystore.Length == 0 ? null : KeyFile.Read(options.Blobs.Keystore, options.Blobs.PasswordFile, "Blobs:Keystore");
        services
            .AddServiceDatabase(_ => new VerifierDatabase(options.Database.ConnectionString), options.Database.StartSeconds)
            .AddSingleton(options)
            .AddSingleton(new EscrowTerms(new EscrowDomain((ulong)options.Chain.Id, options.Chain.EscrowAddress), version => ChainCheck.ParametersAsync(options.Chain, version)))
            .AddHostedService<ChainCheck>()
            .AddOutbox<VerifierDatabase>(
                typeof(OrderAccepted), typeof(OrderUnplaced), typeof(ResultSigned), typeof(ResultOpened), typeof(CheckAgreed),
                typeof(AccusationSigned), typeof(SeatCommitmentSigned), typeof(SeatFailed), typeof(AppealSigned), typeof(CertificateSigned))
            .AddSingleton(_ => new VerifierBlobs(options.Blobs.Directory))
            .AddSingleton(provider => new StoreWitness(witness, provider.GetRequiredService<VerifierBlobs>(), provider.GetRequiredService<EscrowTerms>()))
            .AddSingleton<Wakeup>().AddSingleton<Facts>().AddSingleton<Surroundings>().AddSingleton<OrderDocuments>().AddSingleton<JobStore>()
            .AddSingleton<WorkStore>().AddSingleton<RequestGate>().AddSingleton<Answers>()
            .AddSingleton<ClaimJudge>().AddSingleton<EvidenceStore>()
            .AddSingleton<JobLoop>()
            .AddSingleton<IHealthReport>(provider => provider.GetRequiredService<JobLoop>())
            .AddHostedService(provider => provider.GetRequiredService<JobLoop>())
            .AddHostedService<NonceSweep>()
            .AddOpenApi("verifier");
        return services;
    }

    public static void AddVerifierConsumers(this IBusRegistrationConfigurator bus)
    {
        bus.AddServiceConsumer<VerifierOrderConsumer>("verifier");
        bus.AddServiceConsumer<VerifierChainConsumer>("verifier");
    }

    /// <summary>Node interface, blobs, evidence and <c>/openapi/verifier.json</c>.</summary>
    public static IEndpointRouteBuilder MapVerifier(this IEndpointRouteBuilder routes)
    {
        routes.MapNodes();
        routes.MapBlobs();
        EvidenceStore.Map(routes);
        // Only this document: another service in the same host maps its own.
        routes.MapOpenApi("/openapi/{documentName:regex(^verifier$)}.json");
        return routes;
    }
}

/// <summary>The verifier's store in its own type, so that no other service in the host takes it for its own.</summary>
public sealed class VerifierBlobs(string directory)
{
    public DirectoryBlobStore Store { get; } = new(directory);
}
