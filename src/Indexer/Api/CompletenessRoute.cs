using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Indexer.Proofs;

namespace Assay.Indexer.Api;

internal static class CompletenessRoute
{
    public const ulong MostBlocks = 10_000;

    public static void MapCompleteness(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/completeness", AnswerAsync).WithName("getCompleteness").WithTags("proofs").ProducesProblem(400).ProducesProblem(404)
            .WithSummary($"One SHA-256 over all events of at most {MostBlocks} blocks, signed where they are final; the command completeness makes it from a node.");

    private static async Task<CompletenessAnswer> AnswerAsync(IndexerDatabase database, IndexerKey key, IndexerOptions options, ulong from, ulong to, CancellationToken cancellation)
    {
        if (from > to || to - from >= MostBlocks)
            throw new ProblemException(400, "bad_request", $"from and to take in 1 to {MostBlocks} blocks.");
        var (digest, final) = await database.ReadAsync(connection => RowsDigest.FromRowsAsync(connection, from, to), cancellation);
        if (!final || key.Signer is not { } signer)
            return new(digest, final, null, null);
        var hash = digest.SigningHash(RowsDigest.DomainOf((ulong)options.Chain.Id, options.Chain.EscrowAddress));
        return new(digest, final, signer.Address, Hex.Encode((await signer.SignDigestAsync(hash, cancellation)).ToArray()));
    }
}
