using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Chain;
using Assay.Settlement.Payouts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Assay.Settlement.Relays;

public static class RelayEndpoints
{
    private const int MaxBodyBytes = 16 * 1024;

    public static void MapRelays(this IEndpointRouteBuilder routes)
    {
        Map<SignedWord<ReceiveWithAuthorization>>(routes, "deposits", (desk, body, c) => desk.TakeAsync(body, c), "Carries a deposit by EIP-3009 authorization to the contract.");
        Map<SignedWord<Withdraw>>(routes, "withdrawals", (desk, body, c) => desk.TakeAsync(body, c), "Carries a signed Withdraw.");
        Map<SignedWord<EarningsClaim>>(routes, "claims", (desk, body, c) => desk.TakeAsync(body, c), "Carries a Claim that an operator's payout address has signed.");
        Map<SignedWord<Spending>>(routes, "approvals", (desk, body, c) => desk.TakeAsync(body, c), "Carries a payer's signed Spending.");
        Map<SignedWord<Protocol.Chain.Void>>(routes, "voids", (desk, body, c) => desk.TakeAsync(body, c), "Takes back what was signed with a nonce.");
        Map<CancelRequest>(routes, "cancellations", (desk, body, c) => desk.TakeAsync(body, c), "Ends an open job as client and operator have signed.");
        routes.MapGet("/relays/{id}", GetAsync).WithSummary("State of a word that was taken.").ProducesProblem(404);
    }

    private static void Map<T>(
        IEndpointRouteBuilder routes, string name, Func<RelayDesk, T, CancellationToken, Task<(RelayStatus, bool)>> take, string summary) =>
        routes.MapPost($"/relays/{name}", async Task<Results<Accepted<RelayStatus>, Ok<RelayStatus>>> (T body, RelayDesk desk, Wake wake, CancellationToken cancellation) =>
            {
                var (status, isNew) = await take(desk, body, cancellation);
                if (!isNew) return TypedResults.Ok(status);
                wake.Now();
                return TypedResults.Accepted($"/relays/{status.Id}", status);
            })
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
            .WithSummary($"{summary} The same word again returns its state; one that has failed is tried again.")
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(402).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413)
            .ProducesProblem(422).ProducesProblem(429).ProducesProblem(503);

    private static async Task<Ok<RelayStatus>> GetAsync(Bytes32 id, RelayDesk desk, CancellationToken cancellation) =>
        TypedResults.Ok(await desk.FindAsync(id, cancellation) ?? throw new ProblemException(404, "not_found", $"No word {id} was taken."));
}
