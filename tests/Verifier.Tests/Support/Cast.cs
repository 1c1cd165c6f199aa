using System.Security.Cryptography;
using System.Text;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Work;

namespace Assay.Verifier.Tests.Support;

/// <summary>An operator with its keys; address, hot key and node key are three different ones.</summary>
internal sealed record Actor(LocalSigner Own, LocalSigner Hot, LocalSigner Node, Address Payout)
{
    public Address Address => Own.Address;
}

/// <summary>One contract, a client, some operators, and the events that the chain would show.</summary>
internal sealed class Cast
{
    public const uint EpochBlocks = 10;
    public const ulong Start = 1_800_000_000;

    public EscrowDomain Domain { get; } = new(31337, Address.Parse("0x00000000000000000000000000000000000e5c40"));
    public LocalSigner Client { get; } = Key("client");
    public IReadOnlyList<Actor> Operators { get; }

    private ulong _sequence;

    public Cast(int operators = 8)
    {
        Operators = [.. Enumerable.Range(0, operators).Select(i => new Actor(Key($"own{i}"), Key($"hot{i}"), Key($"node{i}"), Key($"payout{i}").Address))];
    }

    public static LocalSigner Key(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    public Actor Of(Address who) => Operators.Single(o => o.Address == who);

    /// <summary>What an order names unless a test says otherwise.</summary>
    public static readonly JobManifest Workload = new(
        "onnx", new(BlobAddress.Format(BlobAddress.Of("model"u8)), 5), [new("images", BlobAddress.Format(BlobAddress.Of("images"u8)), 6)], new(30, 256));

    public Order Order(Comparison comparison = Comparison.Exact, Address @operator = default, Bytes32? policy = null, Bytes32? workload = null, uint nonce = 1) =>
        new(Client.Address, @operator, workload ?? Workload.Digest, policy ?? ComparisonPolicy.Exact.Digest, comparison, 10, 1_000, 500, 60, Words.Of(nonce), Start + 300);

    public Bytes32 JobOf(Order order) => Domain.Digest(order);

    public byte[] Sign<T>(LocalSigner key, T document) where T : notnull => Secp256k1Sign(Domain.Digest(document), key);

    public static byte[] Secp256k1Sign(Bytes32 digest, LocalSigner key) => key.SignDigestAsync(digest).AsTask().GetAwaiter().GetResult().ToArray();

    /// <summary>Where an event stands: its block's hash follows from number and branch.</summary>
    public ChainPosition At(ulong block, ulong time = Start, int branch = 0) => new(
        ++_sequence, block, BlockHash(block, branch), time, Words.Hash(Words.Of(block), Words.Of(_sequence)), (uint)_sequence);

    public static Bytes32 BlockHash(ulong block, int branch = 0) => Words.Hash(Words.Of(block), Words.Of((ulong)branch));

    public ulong NextSequence() => ++_sequence;

    public IEnumerable<IChainEvent> Registrations()
    {
        for (var i = 0; i < Operators.Count; i++)
        {
            yield return new OperatorRegistered(At(1), Operators[i].Address, Operators[i].Hot.Address, Operators[i].Payout);
            yield return new OperatorJoined(At(1), Operators[i].Address, (uint)i, Operators[i].Payout);
        }
    }

    public JobOpened Opened(Order order, Actor by, uint ratePpm = 1_000_000, ulong block = 5, ulong time = Start, int branch = 0) => new(
        At(block, time, branch), JobOf(order), order.Client, by.Address, by.Node.Address, order.Workload, order.Policy, order.Comparison,
        order.UnitPrice, order.MaxPrice, 50, order.RunWindow, order.Nonce, ratePpm, (uint)Operators.Count, 1);

    public ResultSubmitted Submitted(Bytes32 job, Actor by, Bytes32 commitment, ulong block = 12, ulong time = Start + 10, int branch = 0) =>
        new(At(block, time, branch), job, by.Address, commitment, Work.ManifestDigest, block / EpochBlocks);

    public ResultAccused Accused(Bytes32 job, Actor by, Bytes32 value, ulong block = 35, ulong time = Start + 40) =>
        new(At(block, time), job, by.Address, value, false, block / EpochBlocks, (uint)Operators.Count);

    /// <summary>Seeds of the epochs up to this one.</summary>
    public IEnumerable<SeedRecorded> Seeds(ulong upTo) =>
        Enumerable.Range(0, (int)upTo + 1).Select(e => SeedOf((ulong)e));

    public SeedRecorded SeedOf(ulong epoch, ulong time = Start) => new(At((epoch + 1) * EpochBlocks, time), epoch, Seed(epoch));

    public static Bytes32 Seed(ulong epoch) => Words.Hash(Words.Of(epoch), Words.Of(77));

    public IReadOnlyList<Address> SpotPicks(Order order, Actor runner) => Draw.Picks(
        new DrawSubject(Seed(2), JobOf(order), 0, (uint)Operators.Count, 29, order.Client, [runner.Payout]), Places(), Draw.Attempts);

    public IReadOnlyList<Address> CasePicks(Order order, Actor runner, Actor accuser, int count = 3) => Draw.Picks(
        new DrawSubject(Seed(4), JobOf(order), 1, (uint)Operators.Count, 49, order.Client, [runner.Payout, accuser.Payout]), Places(), count);

    /// <summary>The second round's: nobody of the first.</summary>
    public IReadOnlyList<Address> SecondPicks(Order order, Actor runner, Actor accuser, IReadOnlyList<Address> first, int count = 3) => Draw.Picks(
        new DrawSubject(
            Seed(6), JobOf(order), 2, (uint)Operators.Count, 69, order.Client, [runner.Payout, accuser.Payout, .. first.Select(a => Of(a).Payout)]), Places(), count);

    private IReadOnlyList<RosterPlace> Places() => [.. Operators.Select(o => new RosterPlace(o.Address, o.Payout, null))];
}

/// <summary>What a run gives: outputs, salt, and the digests that follow.</summary>
internal sealed record Work(byte[] Outputs, ulong Units, Bytes32 Salt)
{
    public static readonly byte[] Manifest = new RunManifest("onnx", "cpu", "test", new Dictionary<string, string> { ["node"] = "24" }, 7).ToCanonical();

    public static Bytes32 ManifestDigest => CanonicalJson.Digest(Manifest);

    public Bytes32 Root => BlobAddress.Of(Outputs);
    public Bytes32 Value => Values.Value(Root, Units);
    public Bytes32 Commitment => Values.Commitment(Salt, Value);
    public Opening Opening => new(Root, Units, Salt);

    public static Work Labels(string salt, params int[] labels) => new(
        Safetensors.Write([new Tensor("labels", TensorType.I32, [labels.Length], labels.SelectMany(BitConverter.GetBytes).ToArray())]),
        (ulong)labels.Length, SaltOf(salt));

    public static Work Probabilities(string salt, params float[] values) => new(
        Safetensors.Write([new Tensor("probabilities", TensorType.F32, [values.Length], values.SelectMany(BitConverter.GetBytes).ToArray())]),
        (ulong)values.Length, SaltOf(salt));

    public static Bytes32 SaltOf(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    public Attestation Attest(Bytes32 job, byte round, int seat, Finding finding) =>
        new(job, round, (byte)seat, finding, Value, round == 0 ? Bytes32.Zero : Salt);

    public SeatCommitment Seal(Bytes32 job, byte round, int seat) => new(job, round, (byte)seat, Values.Seal(job, round, (byte)seat, Salt, Value));
}
