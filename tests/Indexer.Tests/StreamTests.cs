using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Primitives;
using Assay.Testing;
using Dapper;

namespace Assay.Indexer.Tests;

public sealed class StreamTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>
{
    [Fact]
    public async Task Who_comes_back_with_the_last_id_sees_every_event_and_retraction_once_in_order()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings => settings["Chain:Confirmations"] = "50");
        await indexer.CaughtUpAsync();
        var seen = await TakeAsync(indexer, "/stream?after=0", 7);
        await escrow.SendAsync(escrow.Clients[0], "deposit", 3);
        await indexer.CaughtUpAsync();
        await escrow.ReorgAsync(1);
        await indexer.CaughtUpAsync();
        await escrow.SendAsync(escrow.Clients[0], "deposit", 4);
        await indexer.CaughtUpAsync();
        await using var connection = await indexer.Database.OpenAsync();
        var stored = (await connection.QueryAsync<long>("select sequence from events union all select sequence from retractions order by 1")).ToList();
        while (seen.Count < stored.Count)
            seen.AddRange(await TakeAsync(indexer, "/stream", Math.Min(5, stored.Count - seen.Count), seen[^1].EventId));
        Assert.Equal(stored, seen.Select(item => long.Parse(item.EventId!)));
        Assert.Equal(["LedgerMoved", "BlocksOrphaned", "LedgerMoved"], seen.Select(item => item.EventType).TakeLast(3));
        Assert.Equal("4", JsonSerializer.Deserialize<JsonElement>(seen[^1].Data).GetProperty("amount").GetString());

        var registered = await TakeAsync(indexer, "/stream?after=0&event=OperatorRegistered&event=OperatorJoined", 12);
        Assert.Equal(["OperatorJoined", "OperatorRegistered"], registered.Select(item => item.EventType).Distinct().Order(StringComparer.Ordinal));
        await indexer.GetAsync("/stream?event=Nothing", 400);
    }

    [Fact]
    public async Task Who_listens_is_told_what_happens_then_and_that_the_chain_advances()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await indexer.CaughtUpAsync();
        using var response = await indexer.Http.GetAsync("/stream", HttpCompletionOption.ResponseHeadersRead);
        await using var items = SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(TestIndexer.Patience));
        Assert.Equal("ChainAdvanced", items.Current.EventType);
        await escrow.SendAsync(escrow.Clients[1], "deposit", 9);
        do
            Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(TestIndexer.Patience));
        while (items.Current.EventType == "ChainAdvanced");
        Assert.Equal(escrow.Clients[1].Address, Address.Parse(JsonSerializer.Deserialize<JsonElement>(items.Current.Data).GetProperty("account").GetString()!));
    }

    [Fact]
    public async Task An_answer_that_the_reader_has_is_not_sent_again_until_it_changes()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer]);
        await indexer.CaughtUpAsync();
        var path = $"/accounts/{escrow.Clients[0].Address}/ledger";
        using var first = await indexer.Http.GetAsync(path);
        var tag = first.Headers.ETag!;
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync());
        await escrow.SendAsync(escrow.Clients[0], "deposit", 3);
        await indexer.CaughtUpAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());

        async Task<HttpStatusCode> StatusAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { tag } } };
            using var response = await indexer.Http.SendAsync(request);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task One_reader_takes_no_more_than_its_share_and_no_query_runs_for_ever_or_writes()
    {
        var escrow = await TestEscrow.DeployAsync(chain.Chain);
        await using var indexer = await TestIndexer.StartAsync(escrow, (await postgres.CreateDatabaseAsync())[Services.Indexer], settings =>
            (settings["Api:RequestsPerSecond"], settings["Api:LongAnswers"], settings["Api:QuerySeconds"]) = ("20", "2", "1"));
        await indexer.CaughtUpAsync();
        using (await indexer.Http.GetAsync("/stream", HttpCompletionOption.ResponseHeadersRead))
        using (await indexer.Http.GetAsync("/stream", HttpCompletionOption.ResponseHeadersRead))
            Assert.Equal("too_many_requests", (await indexer.GetAsync($"/accounts/{escrow.Address}/statement", 429)).GetProperty("code").GetString());
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => indexer.Http.GetAsync("/jobs")));
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter is not null);

        await using (var connection = await indexer.Database.OpenReadAsync())
        {
            Assert.Equal("57014", (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => connection.ExecuteAsync("select pg_sleep(60)"))).SqlState);
            Assert.Equal("25006", (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => connection.ExecuteAsync("delete from jobs"))).SqlState);
        }
        // Whoever waits for rows that somebody else has locked waits no longer than a query may take.
        await using var blocking = await indexer.Database.OpenAsync();
        await using var transaction = await blocking.BeginTransactionAsync();
        await blocking.ExecuteAsync("lock table operators, balances in access exclusive mode");
        await Waiting.Until(async () =>
        {
            using var response = await indexer.Http.GetAsync("/operators");
            return (await response.Content.ReadAsStringAsync()).Contains("too_expensive", StringComparison.Ordinal);
        }, TestIndexer.Patience, "the query to be given up");
    }

    private static async Task<List<SseItem<string>>> TakeAsync(TestIndexer indexer, string path, int count, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastId is not null)
            request.Headers.Add("Last-Event-ID", lastId);
        using var response = await indexer.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
        using var patience = new CancellationTokenSource(TestIndexer.Patience);
        var items = new List<SseItem<string>>();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync(patience.Token))
            if (item.EventId is not null)
            {
                items.Add(item);
                if (items.Count == count)
                    break;
            }
        return items;
    }
}
