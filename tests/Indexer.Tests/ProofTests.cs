using System.Text.Json;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Commands;
using Assay.Indexer.Proofs;
using Assay.Indexer.Sync;
using Assay.Protocol.Chain;
using Dapper;

namespace Assay.Indexer.Tests;

public sealed class TrieProofTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(17)]
    [InlineData(130)]
    [InlineData(300)]
    public void Every_value_of_a_trie_is_shown_by_its_proof_and_nothing_else_is(int count)
    {
        // Short ones stand in their parents, long ones by their hash.
        var values = Enumerable.Range(0, count).Select(i => Enumerable.Repeat((byte)(i + 1), 1 + i * 7 % 60).ToArray()).ToArray();
        var root = ReceiptsTrie.Root(values);
        for (var place = 0; place < count; place += 1 + count / 40)
        {
            var proof = ReceiptsTrie.Proof(values, place);
            Assert.Equal(values[place], TrieProof.Find(root, Key(place), proof.Reverse()));
            for (var node = 0; node < proof.Count; node++)
            {
                Assert.Throws<ProofException>(() => TrieProof.Find(root, Key(place), proof.Where((_, i) => i != node)));
                byte[][] changed = [.. proof];
                changed[node] = [.. changed[node][..^1], (byte)(changed[node][^1] ^ 1)];
                Assert.Throws<ProofException>(() => TrieProof.Find(root, Key(place), changed));
            }
        }
        Assert.Null(TrieProof.Find(root, Key(count), ReceiptsTrie.Proof(values, count - 1).Concat(Enumerable.Range(0, count).SelectMany(i => ReceiptsTrie.Proof(values, i)))));
    }

    private static byte[] Key(int place) => Rlp.Encode(RlpItem.Of(place));
}

public sealed class ProofTests(StoryFixture story) : IClassFixture<StoryFixture>
{
    private static readonly JsonSerializerOptions Json = new(AssayJson.Options) { RespectRequiredConstructorParameters = false };

    private readonly TestEscrow _escrow = story.Escrow;
    private readonly TestIndexer _indexer = story.Indexer;

    [Fact]
    public async Task Every_event_is_shown_by_its_blocks_header_and_names_what_the_chain_says()
    {
        await using var connection = await _indexer.Database.OpenAsync();
        var events = (await connection.QueryAsync<(long Block, int Index, Bytes32 Hash, string Name)>("select block_number, log_index, block_hash, name from events order by sequence")).ToList();
        foreach (var e in events.Where((_, i) => i % 5 == 0).Append(events[^1]))
        {
            var proof = (await _indexer.GetAsync($"/proofs/events/{e.Block}/{e.Index}")).Deserialize<InclusionProof>(Json)!;
            Assert.Equal(e.Name, proof.Verify(e.Hash)[1]);
            Assert.Throws<ProofException>(() => proof.Verify(events.First(other => other.Hash != e.Hash).Hash));
            Assert.Throws<ProofException>(() => (proof with { Event = proof.Event! with { Data = proof.Event.Data + "00" } }).Verify(e.Hash));
            Assert.Throws<ProofException>(() => (proof with { Event = proof.Event! with { Address = _escrow.Token } }).Verify(e.Hash));
            Assert.Throws<ProofException>(() => (proof with { BlockNumber = proof.BlockNumber + 1 }).Verify(e.Hash));
        }
        Assert.Equal("event_not_found", (await _indexer.GetAsync($"/proofs/events/{events[0].Block}/9999", 404)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Balances_are_shown_by_the_state_root_also_as_of_a_block_and_where_there_is_none()
    {
        var head = await _escrow.HeadAsync();
        foreach (var account in (Address[])[_escrow.Clients[0].Address, _escrow.Clients[1].Address, Address.Zero])
            foreach (var block in (ulong[])[head - 20, head])
            {
                var proof = (await _indexer.GetAsync($"/proofs/balances/{account}?block={block}")).Deserialize<InclusionProof>(Json)!;
                proof.Verify(proof.Block);
                Assert.Equal((account, await _escrow.As(_escrow.Stranger).CallAtAsync<Amount>(block, "available", account)), (proof.Balance!.Account, proof.Balance.Balance));
                Assert.Throws<ProofException>(() => (proof with { Balance = proof.Balance with { Balance = proof.Balance.Balance + 1 } }).Verify(proof.Block));
            }
        var holding = (await _indexer.GetAsync("/proofs/holding")).Deserialize<InclusionProof>(Json)!;
        Assert.Equal((await _indexer.GetAsync("/reconciliation")).GetProperty("held").GetString(), holding.Balance!.Balance.ToString());
        holding.Verify(holding.Block);
    }

    [Fact]
    public async Task The_command_verifies_a_proof_against_a_header_from_elsewhere()
    {
        await using var connection = await _indexer.Database.OpenAsync();
        var (block, index, hash) = await connection.QueryFirstAsync<(long, int, Bytes32)>("select block_number, log_index, block_hash from events where name = 'JobOpened'");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, await _indexer.Http.GetStringAsync($"/proofs/events/{block}/{index}"));
            var (output, error) = (new StringWriter(), new StringWriter());
            Assert.Equal(0, VerifyProofCommand.Run([file, $"--header={hash}"], output, error));
            Assert.Contains("JobOpened", output.ToString());
            Assert.Contains(_escrow.Clients[0].Address.ToString(), output.ToString());
            Assert.Equal(1, VerifyProofCommand.Run([file, $"--header={Bytes32.FromBigInteger(1)}"], output, error));
            await File.WriteAllTextAsync(file, "{}");
            Assert.NotEqual(0, VerifyProofCommand.Run([file, $"--header={hash}"], output, error));
            Assert.Equal(2, VerifyProofCommand.Run([file], output, error));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
