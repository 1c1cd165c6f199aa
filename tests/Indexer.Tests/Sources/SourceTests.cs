using System.Numerics;
using System.Text.Json.Nodes;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Sources;
using Assay.Indexer.Sync;
using Assay.Testing;

namespace Assay.Indexer.Tests.Sources;

/// <summary>Contracts that are indexed by configuration, on a chain that does whatever a test needs.</summary>
public sealed class SourceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Every_kind_of_value_stands_in_its_column_to_the_last_digit()
    {
        await using var source = await TestSource.StartAsync(postgres);
        const string abi =
            """
            [{"type":"event","name":"All","inputs":[
                {"name":"block_number","type":"uint8"},{"name":"","type":"uint32"},{"name":"a64","type":"uint64"},{"name":"a256","type":"uint256","indexed":true},
                {"name":"i8","type":"int8"},{"name":"i64","type":"int64"},{"name":"i256","type":"int256"},{"name":"flag","type":"bool"},{"name":"who","type":"address"},
                {"name":"b4","type":"bytes4"},{"name":"b32","type":"bytes32"},{"name":"blob","type":"bytes"},{"name":"text","type":"string"},
                {"name":"list","type":"address[]"},{"name":"hashed","type":"string","indexed":true}]},
             {"type":"event","name":"Nested","inputs":[{"name":"n","type":"uint256"},{"name":"pair","type":"tuple","components":[{"name":"x","type":"uint256"},{"name":"y","type":"string"}]},
                {"name":"three","type":"uint16[3]"},{"name":"grid","type":"uint8[][]"}]}]
            """;
        source.Write("all.json", abi);
        var parsed = ContractAbi.Parse(abi);
        var greatest = BigInteger.Pow(2, 256) - 1;
        var all = parsed.Event("All");
        var values = AbiCodec.Encode([.. all.Inputs.Where(input => !input.Indexed)],
            255, 4_294_967_295, ulong.MaxValue, -128, long.MinValue, -BigInteger.Pow(2, 255), true, TestSource.Contract, new byte[] { 1, 2, 3, 4 }, Keccak256.Hash("x"),
            new byte[] { 0, 255 }, "näh", new object[] { TestSource.AccountOf(1), TestSource.AccountOf(2) });
        source.Chain.Add(
            new SimulatedLog(TestSource.Contract, [all.Topic, Bytes32.FromBigInteger(greatest), Keccak256.Hash("long")], values),
            SimulatedLog.Of(TestSource.Contract, parsed.Event("Nested"), (BigInteger)10_000, new object[] { (BigInteger)7, "y" }, new object[] { 1, 2, 3 }, new object[] { new object[] { 1 }, Array.Empty<object>() }));
        await source.ReadAsync(source.Token1("""[{ "name": "odd", "abi": "all.json", "addresses": ["0x00000000000000000000000000000000000000aa"] }]"""));

        var row = JsonNode.Parse(Assert.Single(await source.RowsAsync("select to_jsonb(t)::text from sim.odd_all t")))!;
        foreach (var (column, expected) in new (string, string)[]
        {
            ("block_number", "1"), ("block_number_", "255"), ("field_1", "4294967295"), ("a64", $"{ulong.MaxValue}"), ("a256", $"{greatest}"), ("i8", "-128"), ("i64", $"{long.MinValue}"),
            ("i256", $"{-BigInteger.Pow(2, 255)}"), ("flag", "true"), ("who", $"\"\\\\x{TestSource.Contract.ToLowerString()[2..]}\""), ("b4", "\"\\\\x01020304\""), ("blob", "\"\\\\x00ff\""),
            ("text", "\"n\\u00E4h\""), ("hashed", $"\"\\\\x{Keccak256.Hash("long").ToString()[2..]}\""),
        })
            Assert.Equal(expected, row[column]!.ToJsonString());
        Assert.Equal(2, row["list"]!.AsArray().Count);
        Assert.Equal("""10000 {"x": "7", "y": "y"} {1,2,3} [["1"], []]""", Assert.Single(await source.RowsAsync("select n || ' ' || pair::text || ' ' || three::text || ' ' || grid::text from sim.odd_nested")));
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task A_256_bit_integer_is_the_same_number_in_the_database(string number)
    {
        var value = BigInteger.Parse(number);
        var buffer = new CopyBuffer();
        buffer.StartRow(1);
        Span<byte> word = stackalloc byte[32];
        word.Fill(value.Sign < 0 ? (byte)255 : (byte)0);
        value.TryWriteBytes(word[(32 - value.GetByteCount(value.Sign >= 0))..], out _, value.Sign >= 0, isBigEndian: true);
        buffer.Numeric(word, signed: value.Sign < 0);
        var bytes = buffer.Written.ToArray();
        await using var connection = new Npgsql.NpgsqlConnection(postgres.ConnectionString);
        await connection.OpenAsync();
        await using (var create = new Npgsql.NpgsqlCommand("create temporary table numbers (number numeric)", connection))
            await create.ExecuteNonQueryAsync();
        await using (var copy = await connection.BeginRawBinaryCopyAsync("copy numbers from stdin (format binary)"))
            await copy.WriteAsync((byte[])[.. CopyBuffer.Header.Span, .. bytes, .. CopyBuffer.Trailer.Span]);
        await using var read = new Npgsql.NpgsqlCommand("select number::text || ' ' || (number = @same::numeric) from numbers", connection) { Parameters = { new("same", number) } };
        Assert.Equal($"{number} true", await read.ExecuteScalarAsync());
    }

    public static TheoryData<string> Numbers => new(new[]
    {
        BigInteger.Zero, BigInteger.One, 9999, 10_000, 100_000_000, 123_456_789_012, -1, -10_000, BigInteger.Pow(2, 64), BigInteger.Pow(10, 18), BigInteger.Pow(10, 77),
        BigInteger.Pow(2, 256) - 1, -BigInteger.Pow(2, 255), BigInteger.Pow(2, 32) * 10_000,
    }.Select(number => number.ToString()));

    [Fact]
    public async Task A_log_that_is_not_the_encoding_of_its_event_is_kept_as_it_is_and_stops_nothing()
    {
        await using var source = await TestSource.StartAsync(postgres);
        var whole = TestSource.Transfer(1);
        source.Chain.Add(whole with { Data = whole.Data[1..] }, whole with { Topics = whole.Topics.Take(2).ToList() }, TestSource.Transfer(2));
        await source.ReadAsync(source.Token1());
        Assert.Equal(source.Expected().TakeLast(1), await source.TransfersAsync());
        Assert.Equal(["0 31", "1 32"], await source.RowsAsync("select log_index || ' ' || octet_length(data) from sim.unreadable_logs order by log_index"));
    }

    [Fact]
    public async Task A_node_that_refuses_or_cuts_long_answers_costs_requests_and_no_rows()
    {
        await using var source = await TestSource.StartAsync(postgres);
        for (var i = 0; i < 700; i++)
            source.Chain.Add([.. Enumerable.Range(0, 5).Select(log => TestSource.Transfer(10 * i + log))]);
        var cut = 0;
        source.Node.Change = (method, parameters, result) => method == "eth_getLogs" && result is JsonArray logs && parameters[0]!["fromBlock"] is not null
            ? logs.Count > 3000 ? Error("query returned more than 3000 results") : logs.Count > 1000 ? Shorter(logs) : result
            : result;
        await source.ReadAsync(source.Token1());
        Assert.Equal(source.Expected(), await source.TransfersAsync());
        Assert.True(cut > 0, "No answer was cut.");

        // Without a word, as some providers do.
        JsonNode Shorter(JsonArray logs)
        {
            cut++;
            return new JsonArray([.. logs.Take(1000).Select(log => log!.DeepClone())]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public async Task A_reorg_of_any_depth_between_two_starts_leaves_the_rows_of_the_new_chain(int depth)
    {
        await using var source = await TestSource.StartAsync(postgres);
        Extend(source.Chain, 90, 1);
        await source.ReadAsync(source.Token1());
        var left = source.Chain.Blocks.TakeLast(depth).ToList();
        source.Chain.Cut(depth);
        Extend(source.Chain, depth + 2, 2);
        await source.ReadAsync(source.Token1());
        Assert.Equal(source.Expected(), await source.TransfersAsync());
        Assert.Equal(depth, int.Parse(Assert.Single(await source.RowsAsync("select count(*)::text from sim.orphaned_blocks"))));
        Assert.Equal(left.Select(block => block.Hash.ToString()[2..]), await source.RowsAsync("select distinct on (number) encode(hash, 'hex') from sim.orphaned_blocks order by number"));
        Assert.Equal(left.Sum(block => block.Logs.Count), int.Parse(Assert.Single(await source.RowsAsync("select count(*)::text from sim.orphaned_rows where content ? 'value'"))));

        // The first chain wins after all: the same blocks are announced again.
        source.Chain.Cut(depth + 2);
        source.Chain.Restore(left);
        source.Chain.Add(TestSource.Transfer(5));
        source.Chain.Add();
        source.Chain.Add(TestSource.Transfer(6));
        await source.ReadAsync(source.Token1());
        Assert.Equal(source.Expected(), await source.TransfersAsync());
    }

    [Theory]
    [InlineData("0x12c")]
    [InlineData("0x1c2")]
    [InlineData("0x2bc")]
    public async Task A_reorg_while_the_past_is_read_leaves_the_rows_of_the_new_chain(string trigger)
    {
        await using var source = await TestSource.StartAsync(postgres);
        Extend(source.Chain, 900, 1);
        var isDone = false;
        source.Node.Change = (method, parameters, result) =>
        {
            // What was read before is of blocks that are gone, as far as it was committed already.
            if (isDone || method != "eth_getBlockByNumber" || parameters[0]!.GetValue<string>() != trigger)
                return result;
            isDone = true;
            source.Chain.Cut(890);
            Extend(source.Chain, 900, 2);
            return source.Chain.Answer(method, parameters);
        };
        await source.ReadAsync(source.Token1());
        Assert.True(isDone);
        Assert.Equal(source.Expected(), await source.TransfersAsync());
    }

    [Fact]
    public async Task Final_is_what_the_node_calls_finalized_where_no_depth_is_given()
    {
        await using var source = await TestSource.StartAsync(postgres);
        Extend(source.Chain, 20, 1);
        source.Chain.Finalized = 13;
        await source.ReadAsync(source.Token1(confirmations: null));
        Assert.Equal(["13"], await source.RowsAsync("select max(block_number)::text from sim.token_transfer where final"));
        source.Chain.Finalized = 15;
        await source.ReadAsync(source.Token1(confirmations: null));
        Assert.Equal(["15"], await source.RowsAsync("select max(block_number)::text from sim.token_transfer where final"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Logs_that_a_node_leaves_out_are_missed_and_read_when_it_tells_the_truth(bool givesReceipts)
    {
        await using var source = await TestSource.StartAsync(postgres);
        Extend(source.Chain, 200, 1);
        var lies = 0;
        source.Node.Change = (method, parameters, result) =>
        {
            if (method == "eth_getBlockReceipts" && !givesReceipts)
                return new JsonObject { ["error"] = new JsonObject { ["code"] = -32601, ["message"] = "the method does not exist" } };
            return method == "eth_getLogs" && result is JsonArray { Count: > 0 } logs && lies < 3 && ++lies > 0 ? WithoutFirstBlock(logs) : result;
        };
        await source.ReadAsync(source.Token1());
        Assert.Equal(3, lies);
        Assert.Equal(source.Expected(), await source.TransfersAsync());

        static JsonNode WithoutFirstBlock(JsonArray logs) => new JsonArray(
            [.. logs.Where(log => log!["blockHash"]!.GetValue<string>() != logs[0]!["blockHash"]!.GetValue<string>()).Select(log => log!.DeepClone())]);
    }

    [Fact]
    public async Task A_writer_that_was_replaced_writes_nothing_more()
    {
        await using var source = await TestSource.StartAsync(postgres);
        Extend(source.Chain, 5, 1);
        var definition = source.Token1();
        await source.ReadAsync(definition);
        var first = await SourceStore.OpenAsync(source.Database, definition, default);
        await SourceStore.OpenAsync(source.Database, definition, default);
        await Assert.ThrowsAsync<NotTheWriterException>(() => first.FinaliseAsync(new ChainStep.Finalised(3), default));
        await Assert.ThrowsAsync<NotTheWriterException>(() => first.RewindAsync(new ChainStep.Reorged(3), default));
        Assert.Equal(source.Expected(), await source.TransfersAsync());
    }

    [Fact]
    public async Task Contracts_of_a_factory_are_indexed_from_the_block_that_announces_them_their_constructors_included()
    {
        await using var source = await TestSource.StartAsync(postgres);
        const string factoryAbi = """[{"type":"event","name":"PoolCreated","inputs":[{"name":"token","type":"address","indexed":true},{"name":"pool","type":"address"}]}]""";
        source.Write("factory.json", factoryAbi);
        var created = ContractAbi.Parse(factoryAbi).Event("PoolCreated");
        var (factory, early, late) = (TestSource.AccountOf(1), TestSource.AccountOf(2), TestSource.AccountOf(3));
        var definition = source.Token1(
            $$"""
            [{ "name": "factory", "abi": "factory.json", "addresses": ["{{factory}}"] },
             { "name": "pool", "abi": "token.json", "events": ["Transfer"], "indexes": ["from"], "factory": { "contract": "factory", "event": "PoolCreated", "field": "pool" } }]
            """);
        source.Chain.Add(TestSource.Transfer(1, early));
        source.Chain.Add(TestSource.Transfer(2, early), SimulatedLog.Of(factory, created, factory, early), TestSource.Transfer(3, early), TestSource.Transfer(4, late));
        await source.ReadAsync(definition);
        Assert.Equal(["2", "3"], await ValuesAsync());

        source.Chain.Add(SimulatedLog.Of(factory, created, factory, late), TestSource.Transfer(5, late));
        await source.ReadAsync(definition);
        Assert.Equal(["2", "3", "5"], await ValuesAsync());

        // Its announcement is taken back.
        source.Chain.Cut(1);
        source.Chain.Add(TestSource.Transfer(6, late), TestSource.Transfer(7, early));
        source.Chain.Add();
        await source.ReadAsync(definition);
        Assert.Equal(["2", "3", "7"], await ValuesAsync());

        Task<IReadOnlyList<string>> ValuesAsync() => source.RowsAsync("select value::text from sim.pool_transfer order by block_number, log_index");
    }

    [Fact]
    public async Task A_changed_definition_is_built_beside_and_shown_when_it_has_caught_up()
    {
        await using var source = await TestSource.StartAsync(postgres);
        Extend(source.Chain, 10, 1);
        source.Chain.Add(SimulatedLog.Of(TestSource.Contract, TestSource.Token.Event("Named"), "n", new object[] { 1UL, 2UL }));
        var narrow = source.Token1("""[{ "name": "token", "abi": "token.json", "addresses": ["0x00000000000000000000000000000000000000aa"], "events": ["Transfer"] }]""");
        await source.ReadAsync(narrow);
        var wide = source.Token1();
        Assert.NotEqual(narrow.Schema, wide.Schema);

        var shownMeanwhile = new List<string>();
        source.Node.Change = (_, _, result) =>
        {
            shownMeanwhile.AddRange(source.RowsAsync("select count(*)::text from sim.token_transfer").Result);
            return result;
        };
        await source.ReadAsync(wide);
        Assert.Equal([$"{source.Expected().Count}"], shownMeanwhile.Distinct());
        Assert.Equal(source.Expected(), await source.TransfersAsync());
        Assert.Equal(["n {1,2}"], await source.RowsAsync("select name || ' ' || parts::text from sim.token_named"));
    }

    [Fact]
    public async Task An_index_made_anew_has_the_same_bytes_and_one_of_another_history_too()
    {
        await using var first = await TestSource.StartAsync(postgres);
        await using var second = await TestSource.StartAsync(postgres);
        Extend(first.Chain, 60, 1);
        await first.ReadAsync(first.Token1());
        first.Chain.Cut(20);
        Extend(first.Chain, 30, 2);
        await first.ReadAsync(first.Token1());
        second.Node.Chain = first.Chain;
        await second.ReadAsync(second.Token1());
        var digests = await SourceDigest.OfAsync(first.Database, first.Token1());
        Assert.Equal(digests, await SourceDigest.OfAsync(second.Database, second.Token1()));
        Assert.Equal(["blocks", "token_named", "token_transfer", "unreadable_logs"], digests.Keys);
    }

    [Theory]
    [InlineData("""{ "name": "Sim", """, "is no name")]
    [InlineData("""{ "name": "indexer", """, "is taken")]
    [InlineData("""{ "name": "sim", "colour": 1, """, "colour")]
    [InlineData("""{ "name": "sim", "confirmations": -1, """, "confirmations")]
    public async Task A_definition_that_cannot_be_right_is_refused(string start, string reason)
    {
        await using var source = await TestSource.StartAsync(postgres);
        source.Write("token.json", TestSource.TokenAbi);
        var file = source.Write("wrong.json", start + """ "chainId": 1, "rpcUrl": "http://node/", "contracts": [{ "name": "token", "abi": "token.json", "addresses": ["0x00000000000000000000000000000000000000aa"] }] }""");
        Assert.Contains(reason, Assert.Throws<StartRefusedException>(() => SourceDefinition.Read(file)).Message);
    }

    private static void Extend(SimulatedChain chain, int blocks, int salt)
    {
        for (var i = 0; i < blocks; i++)
            chain.Add([.. Enumerable.Range(0, (i + salt) % 4).Select(log => TestSource.Transfer(1000 * salt + 4 * i + log))]);
    }

    private static JsonObject Error(string message) => new() { ["error"] = new JsonObject { ["code"] = -32005, ["message"] = message } };
}
