using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Wallets;
using Assay.Hosting;
using Assay.Indexer.Api;
using Assay.Indexer.Commands;
using Assay.Indexer.Proofs;
using Assay.Testing;
using Dapper;

namespace Assay.Indexer.Tests;

public sealed class CompletenessTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private static readonly JsonSerializerOptions Json = new(AssayJson.Options) { RespectRequiredConstructorParameters = false };

    private readonly string _folder = Directory.CreateTempSubdirectory("indexer-key").FullName;
    private TestEscrow _escrow = null!;
    private TestIndexer _indexer = null!;
    private string _database = "";

    public async Task InitializeAsync()
    {
        _escrow = await TestEscrow.DeployAsync(chain.Chain);
        await _escrow.LiveALittleAsync();
        await chain.Chain.MineAsync(5);
        _database = (await postgres.CreateDatabaseAsync())[Services.Indexer];
        var (keystore, password) = (Path.Combine(_folder, "key.json"), Path.Combine(_folder, "password"));
        Keystore.Write(keystore, _escrow.Stranger, "secret", scryptN: 1 << 12);
        await File.WriteAllTextAsync(password, "secret\n");
        _indexer = await TestIndexer.StartAsync(_escrow, _database, settings => (settings["Signing:Keystore"], settings["Signing:PasswordFile"]) = (keystore, password));
        await FinalAsync(_indexer);
    }

    public async Task DisposeAsync()
    {
        await _indexer.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_digest_of_the_rows_is_that_of_the_chain_and_signed()
    {
        var finalised = await FinalisedAsync(_indexer);
        var answer = await AnswerAsync(_escrow.StartBlock, finalised);
        using var escrow = new EscrowOnChain(new Ethereum.Web3(_escrow.Anvil.RpcUrl.ToString()), _escrow.Address);
        Assert.Equal(await RowsDigest.FromChainAsync(escrow.Reader, _escrow.StartBlock, finalised, 7, CancellationToken.None), answer.Digest);
        Assert.True(answer.Digest.Rows > 50);
        var domain = RowsDigest.DomainOf((ulong)_escrow.Anvil.ChainId, _escrow.Address);
        Assert.Equal((_escrow.Stranger.Address, true), (answer.Signer!.Value, answer.IsSigned(domain)));
        Assert.False((answer with { Digest = answer.Digest with { Rows = 1 } }).IsSigned(domain));
        Assert.False(answer.IsSigned(RowsDigest.DomainOf(5, _escrow.Address)));

        // What may still change gets no signature.
        Assert.Null((await AnswerAsync(finalised, await _escrow.HeadAsync())).Signature);
        Assert.Equal("bad_request", (await _indexer.GetAsync("/completeness?from=5&to=4", 400)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Two_indexers_that_differ_in_one_row_are_told_apart_at_its_block()
    {
        await using var other = await TestIndexer.StartAsync(_escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await FinalAsync(other);
        var (output, error) = (new StringWriter(), new StringWriter());
        string[] both = [_indexer.Http.BaseAddress!.ToString(), other.Http.BaseAddress!.ToString()];
        Assert.True(await Task.Run(() => CompareCommand.Run(both, output, error)) == 0, output.ToString() + error);
        Assert.StartsWith("equal: ", output.ToString());

        await using var connection = await other.Database.OpenAsync();
        var block = await connection.QuerySingleAsync<long>(
            """
            update events set body = jsonb_set(body, '{amount}', '"1"') where sequence = (select max(sequence) from ledger_moved where block_number <= (select finalised_number from chain))
            returning block_number
            """);
        Assert.Equal(1, await Task.Run(() => CompareCommand.Run(both, output, error)));
        Assert.Contains($"DIFFERENT from block {block} on", output.ToString());

        var elsewhere = await TestEscrow.DeployAsync(chain.Chain);
        await using var stranger = await TestIndexer.StartAsync(elsewhere, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await stranger.CaughtUpAsync();
        Assert.Equal(2, await Task.Run(() => CompareCommand.Run([both[0], stranger.Http.BaseAddress!.ToString()], output, error)));
    }

    [Theory]
    [InlineData("Signing:Keystore", "nowhere.json", "Signing")]
    [InlineData("Api:RequestsPerSecond", "0", "Api:RequestsPerSecond")]
    public async Task Settings_that_contradict_refuse_the_start(string name, string value, string reason)
    {
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => TestIndexer.StartAsync(_escrow, _database, settings => settings[name] = value));
        Assert.Contains(reason, refused.Message);
    }

    private async Task<CompletenessAnswer> AnswerAsync(ulong from, ulong to) => (await _indexer.GetAsync($"/completeness?from={from}&to={to}")).Deserialize<CompletenessAnswer>(Json)!;

    private async Task<ulong> FinalisedAsync(TestIndexer indexer) => (await indexer.GetAsync("/chain")).Deserialize<ChainAnswer>(Json)!.Finalised;

    private async Task FinalAsync(TestIndexer indexer)
    {
        await indexer.CaughtUpAsync();
        var head = await _escrow.HeadAsync();
        await Waiting.Until(async () => await FinalisedAsync(indexer) == head - 4, TestIndexer.Patience, "finality");
    }
}
