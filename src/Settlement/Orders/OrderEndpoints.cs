using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Settlement.Payouts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Assay.Settlement.Orders;

public static class OrderEndpoints
{
    private const int MaxBodyBytes = 16 * 1024;

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/orders", PostAsync)
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
            .WithSummary("Takes a signed order; the same order again returns the first answer.")
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(402).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(422).ProducesProblem(429).ProducesProblem(503);
        routes.MapGet("/orders/{job}", GetAsync)
            .WithSummary("State of an order and of its job, with every event and transaction.")
            .ProducesProblem(404);
    }

    private static async Task<Results<Accepted<OrderResponse>, Ok<OrderResponse>>> PostAsync(
        OrderRequest request, OrderDesk desk, OrderBook book, Wake wake, CancellationToken cancellation)
    {
        var (job, isNew) = await desk.TakeAsync(request, cancellation);
        if (isNew)
        {
            wake.Now();
            return TypedResults.Accepted($"/orders/{job}", new OrderResponse(job, "Pending"));
        }
        var status = await book.FindAsync(job, cancellation) ?? throw new InvalidOperationException($"The order {job} is stored without its job.");
        return TypedResults.Ok(new OrderResponse(job, status.State));
    }

    private static async Task<Ok<OrderStatus>> GetAsync(Bytes32 job, OrderBook book, CancellationToken cancellation) =>
        TypedResults.Ok(await book.FindAsync(job, cancellation) ?? throw new ProblemException(404, "not_found", $"No order and no job {job}."));
}
