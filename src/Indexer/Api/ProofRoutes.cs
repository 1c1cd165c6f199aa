using Assay.Ethereum.Primitives;
using Assay.Indexer.Proofs;

namespace Assay.Indexer.Api;

internal static class ProofRoutes
{
    public static void MapProofs(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/proofs/events/{block}/{logIndex}", (Prover prover, ulong block, uint logIndex, CancellationToken cancellation) => prover.EventAsync(block, logIndex, cancellation))
            .WithName("proveEvent").WithSummary("Shows that an event is in its block, from the header's receipts root; verify-proof checks it.").WithProof();
        routes.MapGet("/proofs/balances/{address}", (Prover prover, Address address, [AsParameters] AsOf asOf, CancellationToken cancellation) => prover.AvailableAsync(asOf, address, cancellation))
            .WithName("proveBalance").WithSummary("Shows what an account may withdraw after a block, from the header's state root. The node has to keep that state.").WithProof();
        routes.MapGet("/proofs/holding", (Prover prover, [AsParameters] AsOf asOf, CancellationToken cancellation) => prover.HoldingAsync(asOf, cancellation))
            .WithName("proveHolding").WithSummary("Shows what the token holds for the escrow after a block, from the header's state root. The node has to keep that state.").WithProof();
    }

    private static void WithProof(this RouteHandlerBuilder route) => route.WithTags("proofs").ProducesProblem(400).ProducesProblem(404).ProducesProblem(502);
}
