using System.Net;
using System.Text.Json.Nodes;
using Assay.Testing;

namespace Assay.Indexer.Tests.Sources;

/// <summary>
/// A node that fails, lies and reorganises, and an indexer that is killed again and again; afterwards every row is compared with the chain. A seed decides what
/// happens; <c>ASSAY_SEEDS</c> sets how many are tried.
/// </summary>
public sealed class SimulationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int DeepestReorg = 64;

    private static readonly int seeds = int.TryParse(Environment.GetEnvironmentVariable("ASSAY_SEEDS"), out var wanted) ? wanted : 200;

    /// <summary>Seeds that once found something; tried first, however few are wanted.</summary>
    private static readonly int[] kept = [];

    [Fact]
    public async Task Whatever_the_node_does_and_whenever_the_indexer_dies_the_rows_are_those_of_the_chain()
    {
        await using var source = await TestSource.StartAsync(postgres);
        foreach (var seed in kept.Concat(Enumerable.Range(1, seeds)))
            await RunAsync(source, seed);
    }

    private static async Task RunAsync(TestSource source, int seed)
    {
        var random = new Random(seed);
        // Names make schemas: every seed begins with none.
        var definition = source.Token1(name: $"sim{seed}");
        source.Node.Chain = new SimulatedChain();
        Extend(source.Chain, random, random.Next(20, 250));
        for (var life = random.Next(1, 5); life > 0; life--)
        {
            using var killing = new CancellationTokenSource();
            Spoil(source, random, killing, requestsToLive: random.Next(2, 40));
            try
            {
                await source.ReadAsync(definition, killing.Token);
            }
            catch (OperationCanceledException) when (killing.IsCancellationRequested)
            {
                // It was killed, and starts again.
            }
            source.Node.Heal();
            Change(source.Chain, random);
        }
        await source.ReadAsync(definition);
        Assert.True(source.Expected().SequenceEqual(await source.TransfersAsync(definition.Name)), $"Seed {seed}: the rows are not those of the chain.");
    }

    /// <summary>Up to one in twenty of everything that can go wrong goes wrong.</summary>
    private static void Spoil(TestSource source, Random random, CancellationTokenSource killing, int requestsToLive)
    {
        var share = random.NextDouble() / 20;
        bool Happens() => random.NextDouble() < share;
        source.Node.BeforeRequest = () =>
        {
            if (--requestsToLive == 0)
                killing.Cancel();
            if (Happens())
                Change(source.Chain, random);
            return Happens() ? HttpStatusCode.InternalServerError : Happens() ? HttpStatusCode.TooManyRequests : null;
        };
        source.Node.Cut = body => Happens() ? body[..(body.Length / 2)] : body;
        source.Node.Change = (method, parameters, result) => result switch
        {
            _ when Happens() => new JsonObject { ["error"] = new JsonObject { ["code"] = -32000, ["message"] = "no" } },
            JsonArray logs when method == "eth_getLogs" && logs.Count > 0 && Happens() => WithoutABlock(logs, random),
            JsonArray logs when method == "eth_getLogs" && logs.Count > 40 => new JsonObject { ["error"] = new JsonObject { ["code"] = -32005, ["message"] = "more than 40 results" } },
            JsonObject head when method == "eth_getBlockByNumber" && parameters[0]!.GetValue<string>() == "latest" && Happens() => source.Chain.Answer(method, ["0x5", false]),
            JsonObject head when Happens() => Forged(head),
            _ => result,
        };
    }

    private static JsonArray WithoutABlock(JsonArray logs, Random random)
    {
        var block = logs[random.Next(logs.Count)]!["blockHash"]!.GetValue<string>();
        return new JsonArray([.. logs.Where(log => log!["blockHash"]!.GetValue<string>() != block).Select(log => log!.DeepClone())]);
    }

    private static JsonObject Forged(JsonObject head)
    {
        head["parentHash"] = head["hash"]!.DeepClone();
        return head;
    }

    private static void Change(SimulatedChain chain, Random random)
    {
        chain.Cut((int)Math.Min((ulong)random.Next(0, DeepestReorg + 1), chain.Head.Number));
        Extend(chain, random, random.Next(1, 80));
    }

    private static void Extend(SimulatedChain chain, Random random, int blocks)
    {
        for (; blocks > 0; blocks--)
            chain.Add([.. Enumerable.Range(0, random.Next(0, 4)).Select(_ => TestSource.Transfer(random.Next(1_000_000)))]);
    }
}
