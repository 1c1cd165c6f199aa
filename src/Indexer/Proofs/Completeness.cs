using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Hosting.Http;
using Assay.Indexer.Api;
using Assay.Indexer.Sync;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Indexer.Proofs;

/// <summary>All that happened in a run of blocks, both ends included, as one number. Whoever signs it has left nothing out, or has put its name to a lie.</summary>
/// <param name="Last">Hash of the last block; it stands for all before it.</param>
/// <param name="Rows">Events of the escrow.</param>
/// <param name="Digest">SHA-256 over the lines of <see cref="EventText"/> in the order of the chain, each ended by a line feed.</param>
[Eip712Type("RowsDigest(uint64 from,uint64 to,bytes32 last,uint64 rows,bytes32 digest)")]
public sealed record RowsDigest(ulong From, ulong To, Bytes32 Last, ulong Rows, Bytes32 Digest)
{
    /// <summary>What an indexer signs in, apart from the domain of documents that the contract checks.</summary>
    public static Eip712Domain DomainOf(ulong chainId, Address escrow) => new("Assay Indexer", "1", chainId, escrow);

    public Bytes32 SigningHash(Eip712Domain domain) => TypedData.Of(domain, this).Digest;

    /// <summary>Of events in the order of the chain.</summary>
    public static RowsDigest Of(ulong from, ulong to, Bytes32 last, IEnumerable<IChainEvent> events)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var rows = 0UL;
        foreach (var e in events)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(EventText.Of(e)));
            hash.AppendData("\n"u8);
            rows++;
        }
        return new(from, to, last, rows, new Bytes32(hash.GetHashAndReset()));
    }

    /// <summary>From a node alone, without an index.</summary>
    /// <exception cref="ChainInconsistentException">The node's answers do not fit together.</exception>
    public static async Task<RowsDigest> FromChainAsync(ChainReader reader, ulong from, ulong to, int batchBlocks, CancellationToken cancellation)
    {
        var (events, last) = (new List<IChainEvent>(), Bytes32.Zero);
        for (var first = from; first <= to; first += (ulong)batchBlocks)
        {
            var (headers, found) = await reader.BlocksAsync(first, Math.Min(first + (ulong)batchBlocks - 1, to), settled: true, cancellation);
            if (first > from && headers[0].ParentHash != last)
                throw new ChainInconsistentException($"Block {first} does not follow block {first - 1}: the chain moved while it was read.");
            last = headers[^1].Hash;
            events.AddRange(found.Select(e => e.Numbered(0)));
        }
        return Of(from, to, last, events);
    }

    /// <summary>From the rows of an index.</summary>
    /// <exception cref="ProblemException">404 <c>block_not_indexed</c>.</exception>
    internal static async Task<(RowsDigest Digest, bool Final)> FromRowsAsync(NpgsqlConnection connection, ulong from, ulong to)
    {
        var last = await connection.BlockAsync(to);
        await connection.BlockAsync(from);
        var rows = await connection.QueryAsync<(string Name, string Body)>(
            "select name, body::text from events where block_number between @From and @To and orphaned_by is null order by block_number, log_index",
            new { From = (long)from, To = (long)to });
        return (Of(from, to, last.Hash, rows.Select(row => (IChainEvent)JsonSerializer.Deserialize(row.Body, ChainEvents.Types[row.Name], AssayJson.Options)!)), last.Final);
    }
}

/// <param name="Signer">Left out with the signature where the indexer has no key, and while the last block is not final.</param>
/// <param name="Signature">EIP-712, 65 bytes, 0x hex.</param>
public sealed record CompletenessAnswer(RowsDigest Digest, bool Final, Address? Signer, string? Signature)
{
    /// <summary>Null where there is no signature, false where it is not the signer's.</summary>
    public bool? IsSigned(Eip712Domain domain) => Signature is null || Signer is null
        ? null
        : Hex.TryDecode(Signature, out var bytes) && Secp256k1.TryRecover(Digest.SigningHash(domain), bytes, out var signer) && signer == Signer;
}
