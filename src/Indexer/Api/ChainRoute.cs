using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Dapper;

namespace Assay.Indexer.Api;

/// <summary>What this index is an index of, and how far it is.</summary>
/// <param name="StartBlock">First block that is read.</param>
public sealed record ChainAnswer(ulong ChainId, Address Escrow, Address Token, ulong StartBlock, BlockView Head, ulong Finalised);

internal static class ChainRoute
{
    public static void MapChain(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/chain", AnswerAsync).WithName("getChain").WithTags("chain").ProducesProblem(404)
            .WithSummary("The chain, the contract, and how far they are indexed.");

    private static Task<ChainAnswer> AnswerAsync(IndexerDatabase database, CancellationToken cancellation) => database.ReadAsync(async connection =>
    {
        var head = await connection.BlockAsync((ulong?)null);
        var (id, escrow, token, start, finalised) = await connection.QuerySingleAsync<(long, Address, Address, long, long)>(
            "select chain_id, escrow, token, start_block, finalised_number from chain");
        return new ChainAnswer((ulong)id, escrow, token, (ulong)start, head, (ulong)finalised);
    }, cancellation);
}
