using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Api;
using Assay.Protocol.Chain;
using Dapper;

namespace Assay.Indexer.Tests;

/// <summary>Periods and past states of the story against the contract's own word at those blocks. Nothing here changes either.</summary>
public sealed class StatementTests(StoryFixture story) : IClassFixture<StoryFixture>
{
    // What has not happened is left out.
    private static readonly JsonSerializerOptions Json = new(AssayJson.Options) { RespectRequiredConstructorParameters = false };

    private readonly TestEscrow _escrow = story.Escrow;
    private readonly TestIndexer _indexer = story.Indexer;

    private IEnumerable<Address> Accounts => [.. _escrow.Clients.Concat(_escrow.Operators).Select(who => who.Address), _escrow.Address];

    [Fact]
    public async Task Statements_of_adjoining_periods_add_up_from_nothing_to_the_contracts_balance()
    {
        var head = await _escrow.HeadAsync();
        var middle = (_escrow.StartBlock + head) / 2;
        foreach (var account in Accounts)
        {
            var (early, late) = (await LinesAsync($"/accounts/{account}/statement?to={middle}"), await LinesAsync($"/accounts/{account}/statement?from={middle + 1}"));
            Assert.All(early.Where(line => line.Kind == LineKind.Opening), line => Assert.Equal(Amount.Zero, line.Balance));
            foreach (var book in late.Select(line => line.Book).Distinct())
                Assert.Equal(early.SingleOrDefault(Is(LineKind.Closing, book))?.Balance ?? Amount.Zero, late.Single(Is(LineKind.Opening, book)).Balance);
            foreach (var lines in (IReadOnlyList<StatementLine>[])[early, late])
                foreach (var book in lines.Where(line => line.Book != Book.Reserved).GroupBy(line => line.Book))
                    AddsUp([.. book]);
            var now = (await _indexer.GetAsync($"/accounts/{account}")).GetProperty("books");
            foreach (var book in Enum.GetValues<Book>())
                Assert.Equal(now.GetProperty(book.ToString()).GetString(), (late.SingleOrDefault(Is(LineKind.Closing, book))?.Balance ?? Amount.Zero).ToString());
        }
        Assert.Contains(await LinesAsync($"/accounts/{_escrow.Clients[0].Address}/statement"), line => line is { Kind: LineKind.Movement, Book: Book.Available });

        static Func<StatementLine, bool> Is(LineKind kind, Book book) => line => line.Kind == kind && line.Book == book;
    }

    private static void AddsUp(IReadOnlyList<StatementLine> book)
    {
        var balance = book[0].Balance;
        foreach (var line in book.Skip(1).SkipLast(1))
            Assert.Equal(balance += line.Amount!.Value, line.Balance);
        Assert.Equal((LineKind.Opening, LineKind.Closing, balance, balance - book[0].Balance), (book[0].Kind, book[^1].Kind, book[^1].Balance, book[^1].Amount));
    }

    [Fact]
    public async Task The_formats_say_the_same_and_every_movement_names_its_place()
    {
        var path = $"/accounts/{_escrow.Operators[0].Address}/statement";
        var json = await LinesAsync(path);
        var ndjson = (await TextAsync($"{path}?format=ndjson")).TrimEnd().Split('\n').Select(line => JsonSerializer.Deserialize<StatementLine>(line, Json)!);
        Assert.Equal(json, ndjson);

        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", "text/csv" } } };
        using var response = await _indexer.Http.SendAsync(request);
        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        var csv = (await response.Content.ReadAsStringAsync()).TrimEnd().Split("\r\n");
        Assert.Equal("kind,book,reason,amount,balance,job,blockNumber,blockHash,blockTime,transactionHash,logIndex,final", csv[0]);
        Assert.Equal(json.Select(line => $"{line.Kind},{line.Book},{line.Reason},{line.Amount},{line.Balance},{line.Job},{line.BlockNumber},{line.BlockHash},{line.BlockTime},"
            + $"{line.TransactionHash},{line.LogIndex},{(line.Final ? "true" : "false")}"), csv[1..]);

        await using var connection = await _indexer.Database.OpenAsync();
        foreach (var line in json.Where(line => line.Kind == LineKind.Movement))
            Assert.Equal(
                (line.BlockHash!.Value, line.TransactionHash!.Value, (long)line.BlockTime!),
                await connection.QuerySingleAsync<(Bytes32, Bytes32, long)>(
                    "select block_hash, transaction_hash, block_time from events where block_number = @Block and log_index = @Index",
                    new { Block = (long)line.BlockNumber, Index = (int)line.LogIndex! }));
    }

    [Fact]
    public async Task An_invoice_lists_what_each_ended_job_cost_its_payer()
    {
        var month = DateTimeOffset.FromUnixTimeSeconds(await _escrow.Anvil.TimeAsync()).ToString("yyyy-MM");
        var ended = 0;
        foreach (var client in _escrow.Clients)
        {
            var lines = JsonSerializer.Deserialize<IReadOnlyList<InvoiceLine>>(await TextAsync($"/accounts/{client.Address}/invoice?month={month}"), Json)!;
            var jobs = lines.SkipLast(1).ToList();
            Assert.Equal((InvoiceKind.Total, Amount.Sum(jobs.Select(job => job.Charged))), (lines[^1].Kind, lines[^1].Charged));
            foreach (var job in jobs)
            {
                var view = (await _indexer.GetAsync($"/jobs/{job.Job}")).GetProperty("job").Deserialize<JobView>(Json)!;
                Assert.Equal((client.Address, view.EndedTransaction, view.EndedAt, view.Outcome), (view.Payer ?? view.Client, job.TransactionHash, job.BlockTime, job.Outcome!.Value));
                // What is released costs its price and the fee; everybody else gets something back.
                if (view.State == JobState.Released)
                    Assert.Equal(view.Price!.Value + view.Fee, job.Charged);
                else
                    Assert.True(job.Charged < view.MaxPrice + view.Fee);
            }
            ended += jobs.Count;
        }
        var all = (await _indexer.GetAsync("/jobs")).GetProperty("items").Deserialize<IReadOnlyList<JobView>>(Json)!;
        Assert.Equal(all.Count(job => job.EndedAt is not null), ended);
        Assert.Single(JsonSerializer.Deserialize<IReadOnlyList<InvoiceLine>>(await TextAsync($"/accounts/{_escrow.Stranger.Address}/invoice"), Json)!);
    }

    [Fact]
    public async Task Earnings_are_the_sums_of_the_statement()
    {
        foreach (var worker in _escrow.Operators)
        {
            var earnings = (await _indexer.GetAsync($"/operators/{worker.Address}/earnings")).Deserialize<EarningsAnswer>(Json)!;
            var movements = (await LinesAsync($"/accounts/{worker.Address}/statement")).Where(line => line.Kind == LineKind.Movement).ToList();
            Assert.Equal(
                movements.GroupBy(line => (line.Book, line.Reason)).Select(group => new ReasonSum(group.Key.Book, group.Key.Reason!.Value, (uint)group.Count(), Amount.Sum(group.Select(line => line.Amount!.Value)))).ToHashSet(),
                earnings.Sums.ToHashSet());
            Assert.Equal(await _escrow.ReadAsync<OperatorAccount>("operatorOf", worker.Address) is var account ? account.Earned : default, earnings.Earned - earnings.Claimed);
        }
        var slashed = (await _indexer.GetAsync($"/operators/{_escrow.Operators[4].Address}/earnings")).Deserialize<EarningsAnswer>(Json)!;
        Assert.True(slashed.Lost > Amount.Zero);
    }

    [Fact]
    public async Task Jobs_and_operators_as_of_a_block_are_those_of_the_contract_then()
    {
        var states = new HashSet<JobState>();
        for (var block = _escrow.StartBlock; block <= await _escrow.HeadAsync(); block += 3)
        {
            foreach (var job in (await _indexer.GetAsync($"/jobs?block={block}")).GetProperty("items").Deserialize<IReadOnlyList<JobView>>(Json)!)
            {
                var then = await _escrow.As(_escrow.Stranger).CallAtAsync<JobStanding>(block, "stateOf", job.Job);
                Assert.Equal((then.State, then.Outcome), (job.State, job.Outcome));
                states.Add(job.State);
            }
            foreach (var view in (await _indexer.GetAsync($"/operators?block={block}")).GetProperty("items").Deserialize<IReadOnlyList<OperatorView>>(Json)!)
            {
                var then = await _escrow.As(_escrow.Stranger).CallAtAsync<OperatorAccount>(block, "operatorOf", view.Operator);
                Assert.Equal((then.Bond, then.Earned, then.Unbonding, then.Exposure, then.Clean, then.Active), (view.Bond, view.Earned, view.Unbonding, view.Exposure, view.Clean, view.Active));
            }
        }
        Assert.Superset(new HashSet<JobState> { JobState.Open, JobState.Submitted, JobState.Accused, JobState.Released, JobState.Refunded }, states);
    }

    [Fact]
    public async Task A_time_means_the_last_block_up_to_it()
    {
        await using var connection = await _indexer.Database.OpenAsync();
        var blocks = (await connection.QueryAsync<(long Number, long Time)>("select number, time from blocks order by number")).ToList();
        foreach (var time in (long[])[blocks[0].Time, blocks[7].Time, blocks[7].Time + 1, blocks[^1].Time + 1_000_000])
        {
            var expected = blocks.Last(block => block.Time <= time).Number;
            Assert.Equal(expected, (await _indexer.GetAsync($"/accounts/{_escrow.Clients[0].Address}?time={time}")).GetProperty("block").GetProperty("number").GetInt64());
            var first = blocks.Cast<(long Number, long Time)?>().FirstOrDefault(block => block!.Value.Time >= time)?.Number ?? blocks[^1].Number + 1;
            Assert.Equal(first - 1, (long)(await LinesAsync($"/accounts/{_escrow.Clients[0].Address}/statement?fromTime={time}"))[0].BlockNumber);
        }
    }

    [Theory]
    [InlineData("/jobs?block=1&time=1", 400, "bad_request")]
    [InlineData("/jobs?block=99999999", 404, "block_not_indexed")]
    [InlineData("/operators?time=1", 404, "block_not_indexed")]
    [InlineData("/accounts/0x00000000000000000000000000000000000000ff/statement?month=2026-13", 400, "bad_request")]
    [InlineData("/accounts/0x00000000000000000000000000000000000000ff/statement?month=2026-11&from=1", 400, "bad_request")]
    [InlineData("/accounts/0x00000000000000000000000000000000000000ff/statement?to=99999999", 404, "block_not_indexed")]
    [InlineData("/accounts/0x00000000000000000000000000000000000000ff/invoice?format=xml", 400, "bad_request")]
    public async Task A_state_that_is_not_there_is_answered_with_a_stable_code(string path, int status, string code) =>
        Assert.Equal(code, (await _indexer.GetAsync(path, status)).GetProperty("code").GetString());

    private async Task<IReadOnlyList<StatementLine>> LinesAsync(string path) => JsonSerializer.Deserialize<IReadOnlyList<StatementLine>>(await TextAsync(path), Json)!;

    private async Task<string> TextAsync(string path)
    {
        using var response = await _indexer.Http.GetAsync(path);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"GET {path}: {(int)response.StatusCode} {body}");
        return body;
    }
}
