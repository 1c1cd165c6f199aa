using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;

namespace Assay.Ethereum.Tests;

/// <summary>
/// A key, its journal, a pool and a chain in memory, with a clock of their own: the pure decisions are carried out on them, with everything lost that a
/// node or a process may lose. Time passes by calls only.
/// </summary>
internal sealed class SendingWorld(int seed, SendPolicy policy)
{
    private sealed class Entry
    {
        public required PendingTransaction Transaction { get; set; }
        public Dictionary<Bytes32, TimeSpan> Signed { get; } = [];
        public Dictionary<Bytes32, TimeSpan> Broadcast { get; } = [];
        public Ending? Ended { get; set; }
    }

    private readonly Random random = new(seed);
    private readonly SortedDictionary<ulong, Entry> journal = [];
    private readonly Dictionary<Bytes32, (ulong Nonce, Fees Fees)> pool = [];
    private readonly List<(Bytes32 Hash, List<Bytes32> Transactions)> blocks = [(Bytes32.Zero, [])];
    private TimeSpan now;
    private ulong serial;

    public BigInteger Market { get; set; } = 100;
    public int Ends { get; private set; }
    public IReadOnlyDictionary<ulong, Ending?> Endings => journal.ToDictionary(j => j.Key, j => j.Value.Ended);

    /// <summary>Every hash that is on the chain, in order.</summary>
    public IReadOnlyList<Bytes32> Mined => [.. blocks.SelectMany(b => b.Transactions)];

    public ulong NonceOf(Bytes32 hash) => journal.Values.Select(e => e.Transaction).First(t => t.Attempts.Any(a => a.Hash == hash)).Nonce;

    public void Append()
    {
        var nonce = Nonces.Next(journal.Keys, MinedCount(blocks.Count - 1));
        var attempt = NewAttempt(0, new Fees(2 * Market, Market), false);
        journal[nonce] = new Entry { Transaction = new((long)nonce, $"{nonce}", nonce, Address.Zero, 0, [], 21_000, [attempt]), Signed = { [attempt.Hash] = now } };
    }

    /// <summary>One look and what follows from it; a process may end after any of its steps.</summary>
    public SendDecision Follow(int stepsAtMost = int.MaxValue)
    {
        var decision = SendDecision.Of([.. journal.Values.Where(e => e.Ended is null).Select(Aged)], Look(), policy);
        foreach (var step in decision.Steps.Take(stepsAtMost)) Do(step);
        return decision;
    }

    public void Pass(TimeSpan time) => now += time;

    public void Mine()
    {
        var taken = new List<Bytes32>();
        for (var nonce = MinedCount(blocks.Count - 1); pool.Where(p => p.Value.Nonce == nonce && p.Value.Fees.MaxFeePerGas >= Market).ToList() is [var (hash, _), ..]; nonce++)
            taken.Add(hash);
        foreach (var hash in taken) pool.Remove(hash);
        blocks.Add((NewHash(), taken));
    }

    /// <summary>Other blocks at the same height; their transactions are gone, or wait in the pool again.</summary>
    public void Reorganise(int depth, bool returned)
    {
        for (var number = Math.Max(1, blocks.Count - depth); number < blocks.Count; number++)
        {
            if (returned)
                foreach (var hash in blocks[number].Transactions)
                    pool[hash] = (NonceOf(hash), journal[NonceOf(hash)].Transaction.Attempts.Single(a => a.Hash == hash).Fees);
            blocks[number] = (NewHash(), []);
        }
    }

    public void LoseThePool() => pool.Clear();

    private ChainView Look()
    {
        var final = Math.Max(0, blocks.Count - 1 - policy.Confirmations);
        var receipts = blocks.Index().SelectMany(b => b.Item.Transactions.Select(hash => new Receipt(
            hash, b.Item.Hash, (ulong)b.Index, 0, Address.Zero, Address.Zero, null, true, 21_000, 1, []))).ToDictionary(r => r.TransactionHash);
        return new ChainView(
            (ulong)final, MinedCount(final), receipts, blocks.Index().Take(final + 1).ToDictionary(b => (ulong)b.Index, b => b.Item.Hash),
            new Fees(2 * Market, Market), BigInteger.Pow(10, 30));
    }

    private void Do(SendStep step)
    {
        var entry = journal[step.Transaction.Nonce];
        switch (step)
        {
            case SendStep.Settle settle:
                if (entry.Ended is null) Ends++;
                entry.Ended = settle.Ending;
                break;
            case SendStep.Note note:
                entry.Transaction = entry.Transaction with { SeenIn = note.Receipt?.BlockHash };
                break;
            case SendStep.Replace replace:
                var attempt = NewAttempt(entry.Transaction.Attempts.Count, replace.Fees, replace.Cancels);
                entry.Transaction = entry.Transaction with { Attempts = [.. entry.Transaction.Attempts, attempt] };
                entry.Signed[attempt.Hash] = now;
                Broadcast(entry, attempt);
                break;
            case SendStep.Broadcast:
                Broadcast(entry, entry.Transaction.Last);
                break;
        }
    }

    /// <summary>As a node does it: a nonce is replaced for a tenth more only, and some broadcasts never arrive.</summary>
    private void Broadcast(Entry entry, Attempt attempt)
    {
        entry.Broadcast[attempt.Hash] = now;
        var nonce = entry.Transaction.Nonce;
        if (random.Next(8) == 0 || nonce < MinedCount(blocks.Count - 1)) return;
        var waiting = pool.Where(p => p.Value.Nonce == nonce).Select(p => (p.Key, p.Value.Fees)).ToList();
        if (waiting is [var (hash, fees)])
        {
            if (attempt.Fees.MaxFeePerGas * 10 < fees.MaxFeePerGas * 11 || attempt.Fees.MaxPriorityFeePerGas * 10 < fees.MaxPriorityFeePerGas * 11) return;
            pool.Remove(hash);
        }
        pool[attempt.Hash] = (nonce, attempt.Fees);
    }

    private PendingTransaction Aged(Entry entry) => entry.Transaction with
    {
        Attempts = [.. entry.Transaction.Attempts.Select(a => a with
        {
            Age = now - entry.Signed[a.Hash], SentAge = entry.Broadcast.TryGetValue(a.Hash, out var sent) ? now - sent : null,
        })],
    };

    private ulong MinedCount(int upTo) => (ulong)blocks.Take(upTo + 1).Sum(b => b.Transactions.Count);

    private Attempt NewAttempt(int number, Fees fees, bool cancels) => new(number, NewHash(), [], fees, cancels);

    private Bytes32 NewHash() => Keccak256.Hash(BitConverter.GetBytes(++serial));
}
