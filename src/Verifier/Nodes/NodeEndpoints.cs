using System.Text.Json;
using Assay.Hosting.Http;
using Assay.Protocol;
using Assay.Protocol.Nodes;
using Assay.Verifier.Redundancy;

namespace Assay.Verifier.Nodes;

/// <summary>What nodes call. Bodies are read only after the signature over them was checked.</summary>
public static class NodeEndpoints
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public static IEndpointRouteBuilder MapNodes(this IEndpointRouteBuilder routes)
    {
        var nodes = routes.MapGroup("/nodes").WithTags("Nodes").WithGroupName("verifier").AddEndpointFilter<SignedBodyFilter>()
            .ProducesProblem(401).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413).ProducesProblem(429);
        nodes.MapPost("/lease", LeaseAsync).Accepts<LeaseRequest>("application/json").Produces<LeaseResponse>()
            .WithSummary("Takes work; waits for some up to ten seconds.");
        Answer<AcceptanceRequest>(nodes, "/acceptances", (a, c, b) => a.AcceptAsync(c, b), "Accepts an offered order.");
        Answer<RefusalRequest>(nodes, "/refusals", (a, c, b) => a.RefuseAsync(c, b), "Refuses a piece of work.");
        nodes.MapPost("/witness", async (HttpContext http, StoreWitness witness, CancellationToken cancellation) =>
                Results.Json(await witness.SignAsync(Read<WitnessRequest>(http), cancellation), ProtocolJson.Options))
            .Accepts<WitnessRequest>("application/json").Produces<WitnessResponse>().ProducesProblem(404)
            .WithSummary("The store's signature that it holds the outputs of a result, for an order that names it as witness.");
        Answer<ResultRequest>(nodes, "/results", (a, c, b) => a.ResultAsync(c, b), "Brings a signed, sealed result.");
        Answer<OpeningRequest>(nodes, "/openings", (a, c, b) => a.OpenAsync(c, b), "Opens the own result.");
        Answer<SealRequest>(nodes, "/seals", (a, c, b) => a.SealAsync(c, b), "Seals a re-executed value.");
        Answer<AttestationRequest>(nodes, "/attestations", (a, c, b) => a.AttestAsync(c, b), "Opens the seal and judges the claim.");
        Answer<FailureRequest>(nodes, "/failures", (a, c, b) => a.FailAsync(c, b), "Gives a seat back: the job could not be run.");
        Answer<AppealRequest>(nodes, "/appeals", (a, c, b) => a.AppealAsync(c, b), "Pledges for a second round about the own result.");
        return routes;
    }

    // Written out rather than bound: the signature covers the bytes as they came.
    private static void Answer<T>(RouteGroupBuilder nodes, string path, Func<Answers, Caller, T, Task> take, string summary) where T : class =>
        nodes.MapPost(path, async (HttpContext http, Answers answers, Wakeup wakeup) =>
        {
            await take(answers, SignedBodyFilter.CallerOf(http), Read<T>(http));
            wakeup.Loop.Set();
            return Results.NoContent();
        }).Accepts<T>("application/json").Produces(204).ProducesProblem(400).WithSummary(summary);

    private static async Task<IResult> LeaseAsync(
        HttpContext http, VerifierDatabase database, WorkStore work, Wakeup wakeup, TimeProvider time, CancellationToken cancellation)
    {
        var request = Read<LeaseRequest>(http);
        if (request.Capacity is < 1 or > 64) throw new ProblemException(400, "bad_capacity", $"Expected a capacity of 1 to 64, got {request.Capacity}.");
        if (request.WaitSeconds is < 0 or > 10) throw new ProblemException(400, "bad_wait", $"Expected a wait of 0 to 10 s, got {request.WaitSeconds}.");

        var caller = SignedBodyFilter.CallerOf(http).Address;
        var until = time.GetUtcNow() + TimeSpan.FromSeconds(request.WaitSeconds);
        while (true)
        {
            var bell = wakeup.Nodes.WaitAsync(Shorter(Look, until - time.GetUtcNow()), time, cancellation);
            var items = await database.InTransactionAsync(async transaction =>
            {
                await work.SeenAsync(transaction, caller, time.GetUtcNow());
                return await work.LeaseAsync(transaction, caller, request.Capacity, time.GetUtcNow());
            }, cancellation);
            if (items.Count > 0 || time.GetUtcNow() >= until)
                return Results.Json(new LeaseResponse(items), ProtocolJson.Options);
            await bell;
        }
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => b < TimeSpan.Zero ? TimeSpan.Zero : a < b ? a : b;

    private static T Read<T>(HttpContext http) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(SignedBodyFilter.BodyOf(http), ProtocolJson.Options)
                ?? throw new ProblemException(400, "bad_body", "Expected an object, got null.");
        }
        // Strings that are no hash or no base64 come as FormatException out of a JsonException or alone.
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw new ProblemException(400, "bad_body", e.Message);
        }
    }
}
