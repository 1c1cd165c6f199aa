using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Transactions;
using Assay.Ethereum.Wallets;
using BenchmarkDotNet.Attributes;

namespace Assay.Ethereum.Bench;

[ContractAbi("Ledger.json")]
public sealed partial class Ledger;

/// <summary>What is measured; each method does its work <see cref="LogCount"/> times or once and says how often by <c>OperationsPerInvoke</c>.</summary>
[MemoryDiagnoser]
public class Cases : IDisposable
{
    public const int LogCount = 10_000;

    private static readonly Address To = Address.Parse("0x70997970c51812dc3a010c7d01b50e0d17dc79c8");
    private static readonly BigInteger Amount = BigInteger.Parse("123456789012345678901234567890");
    private static readonly Entry[] Entries =
        [.. Enumerable.Range(0, 4).Select(i => new Entry(To, 1_000_000_000_000UL + (ulong)i, $"invoice number {i}, paid in full and with thanks", new byte[100]))];

    private readonly byte[] _transfers, _posts;
    private readonly LocalSigner _signer = LocalSigner.FromHex("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
    private readonly Eip1559Transaction _transaction = new(1, 7, 1_500_000_000, 30_000_000_000, 65_000, To, 0, Ledger.EncodeTransfer(To, Amount));
    private readonly Bytes32 _digest;
    private readonly Signature _signature;

    /// <summary>The answers that bench/ethereum.mjs has written into the folder that ASSAY_BENCH_DATA names.</summary>
    public Cases()
    {
        var folder = Environment.GetEnvironmentVariable("ASSAY_BENCH_DATA") ?? throw new InvalidOperationException("Start it by bench/run ethereum.");
        _transfers = File.ReadAllBytes(Path.Combine(folder, "transfers.json"));
        _posts = File.ReadAllBytes(Path.Combine(folder, "posts.json"));
        _digest = _transaction.SigningHash;
        _signature = Sign().Signature;
    }

    [Benchmark(OperationsPerInvoke = LogCount)]
    public int DecodeTransfers()
    {
        var read = 0;
        using var logs = new LogReader(_transfers);
        while (logs.Read())
            if (Ledger.Events.Transfer.View.TryRead(logs.Current, out var transfer) && transfer.From != transfer.To && !transfer.Amount.IsZero)
                read++;
        return Whole(read);
    }

    [Benchmark(OperationsPerInvoke = LogCount)]
    public int DecodePosts()
    {
        var read = 0;
        using var logs = new LogReader(_posts);
        while (logs.Read())
            if (Ledger.Events.Posted.View.TryRead(logs.Current, out var post) && post.Note.Length > 0 && post.Data.Length > 0)
                read++;
        return Whole(read);
    }

    [Benchmark]
    public byte[] EncodeTransfer() => Ledger.EncodeTransfer(To, Amount);

    [Benchmark]
    public byte[] EncodePost() => Ledger.EncodePost(Entries, 1_800_000_000);

    [Benchmark]
    public byte[] SignTransaction() => Sign().ToArray();

    [Benchmark]
    public Address RecoverSigner() => Secp256k1.Recover(_digest, _signature);

    [Benchmark(Baseline = true)]
    public byte BareSign() => Bare.Sign(_digest);

    [Benchmark]
    public byte BareRecover() => Bare.Recover(_digest, _signature);

    public void Dispose()
    {
        _signer.Dispose();
        GC.SuppressFinalize(this);
    }

    private SignedTransaction Sign()
    {
        var signing = _signer.SignTransactionAsync(_transaction);
        return signing.IsCompletedSuccessfully ? signing.Result : throw new InvalidOperationException("A local key signs at once.");
    }

    private static int Whole(int read) => read == LogCount ? read : throw new InvalidOperationException($"Expected {LogCount} logs, read {read}.");
}
