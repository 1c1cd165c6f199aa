using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Tests.Generated;
using Assay.Ethereum.Transactions;
using Item = Assay.Ethereum.Tests.Generated.Item;

namespace Assay.Ethereum.Tests;

/// <summary>Typed contracts from their ABI. The run-time codec, which the published vectors prove, is the second opinion.</summary>
public sealed class GeneratedContractTests(AnvilFixture anvil) : IClassFixture<AnvilFixture>
{
    private static readonly Address Someone = Address.Parse("0x00000000000000000000000000000000000000aa");

    private static readonly Leaf[] Leaves = [new(1, "erste", [[1, 2], []]), new(65535, "", [])];

    [Fact]
    public void Elementary_arguments_are_encoded_as_by_name()
    {
        object?[] values =
            [(byte)255, 1u << 23, ulong.MaxValue, BigInteger.Pow(2, 71), (sbyte)-128, -1L << 39, BigInteger.MinusOne, true, Someone, new byte[] { 1, 2, 3 },
                Keccak256.Hash("k"), new Tally(9), Colour.Green, Keccak256.Hash("nonce")];
        Assert.Equal(
            Hex.Encode(Shapes.Abi.Encode("words", values)),
            Hex.Encode(Shapes.EncodeWords(
                255, 1u << 23, ulong.MaxValue, BigInteger.Pow(2, 71), -128, -1L << 39, -1, true, Someone, [1, 2, 3], Keccak256.Hash("k"), new Tally(9), Colour.Green, Keccak256.Hash("nonce"))));
    }

    [Fact]
    public void Values_that_do_not_fit_their_type_are_refused()
    {
        static void Refused(uint b = 0, BigInteger d = default, long f = 0, byte[]? j = null) =>
            Assert.Throws<AbiException>(() => Shapes.EncodeWords(0, b, 0, d, 0, f, 0, true, Someone, j ?? new byte[3], default, default, default, default));
        Refused(b: 1u << 24);
        Refused(d: BigInteger.Pow(2, 72));
        Refused(d: -1);
        Refused(f: 1L << 39);
        Refused(j: [1, 2]);
        Assert.Throws<AbiException>(() => Shapes.EncodeNest([], [[1]], ["", ""], [new(0, 0), new(0, 0)]));
        Assert.Throws<AbiException>(() => Shapes.EncodeNest([], [], [""], [new(0, 0), new(0, 0)]));
    }

    [Fact]
    public void Nested_arrays_and_structs_are_encoded_as_by_name() => Assert.Equal(
        Hex.Encode(Shapes.Abi.Encode(Shapes.Abi.Functions[1].Signature, Leaves, new uint[][] { [1, 2], [3, 4] }, new[] { "a", "ü" }, new[] { new Point(-1, 2), new Point(3, -4) })),
        Hex.Encode(Shapes.EncodeNest(Leaves, [[1, 2], [3, 4]], ["a", "ü"], [new(-1, 2), new(3, -4)])));

    [Fact]
    public void Results_are_decoded_and_only_from_their_canonical_encoding()
    {
        var outputs = Shapes.Abi.Function("nest()").Outputs;
        var encoded = AbiCodec.Encode(outputs, (object)new[] { Leaves, [] });
        var decoded = Shapes.DecodeNest2(encoded);
        Assert.Equal(Hex.Encode(encoded), Hex.Encode(AbiCodec.Encode(outputs, decoded)));

        var pair = Shapes.DecodeBoth(AbiCodec.Encode(Shapes.Abi.Function("both").Outputs, new uint[][] { [7, 8] }, "zwei"));
        Assert.Equal((8u, "zwei"), (pair.First[0][1], pair.Second));

        // Whatever byte is changed: both decoders take it, or both refuse it.
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var mutated = encoded.ToArray();
            mutated[random.Next(mutated.Length)] ^= (byte)(1 << random.Next(8));
            var cut = random.Next(8) == 0 ? mutated[..random.Next(mutated.Length)] : mutated;
            Assert.Equal(Refuses(() => AbiCodec.Decode(outputs, cut)), Refuses(() => Shapes.DecodeNest2(cut)));
        }
    }

    [Fact]
    public void An_event_is_decoded_from_topics_and_data()
    {
        var painted = Shapes.Abi.Event("Painted");
        var (note, nonce) = (Keccak256.Hash("note"), Keccak256.Hash("7"));
        var data = AbiCodec.Encode([.. painted.Inputs.Where(i => !i.Indexed)], nonce, new[] { Colour.Red, Colour.Green }, "grün");
        var log = new Log(Someone, [painted.Topic, ContractAbi.EncodeTopic(AbiType.Parse("address"), Someone), note], data, 1, default, default, 0, 0);
        Assert.True(log.TryDecode<Shapes.Events.Painted>(out var decoded));
        Assert.Equal((Someone, note, nonce, "grün"), (decoded.By, decoded.Note, decoded.Nonce, decoded.Text));
        Assert.Equal([Colour.Red, Colour.Green], decoded.Colours);

        Assert.False((log with { Topics = [painted.Topic, note] }).TryDecode<Shapes.Events.Painted>(out _));
        Assert.False((log with { Topics = [note, note, note] }).TryDecode<Shapes.Events.Painted>(out _));
        Assert.Throws<AbiException>(() => (log with { Data = data[..^32] }).TryDecode<Shapes.Events.Painted>(out _));
        var unknown = AbiCodec.Encode([.. painted.Inputs.Where(i => !i.Indexed)], nonce, new[] { 3 }, "");
        Assert.Throws<AbiException>(() => (log with { Data = unknown }).TryDecode<Shapes.Events.Painted>(out _));
    }

    [Fact]
    public void An_error_is_decoded_and_what_only_looks_like_it_is_not()
    {
        var data = Shapes.Abi.EncodeError("Refused", Colour.Red, "zu rot");
        Assert.True(ContractTypes.TryDecodeError<Shapes.Errors.Refused>(data, out var error));
        Assert.Equal(new Shapes.Errors.Refused(Colour.Red, "zu rot"), error);
        Assert.False(ContractTypes.TryDecodeError<Shapes.Errors.Refused>(data.AsSpan(..^1), out _));
        Assert.False(ContractTypes.TryDecodeError<Shapes.Errors.Refused>([1, 2, 3, 4], out _));
        Assert.False(ContractTypes.TryDecodeError<Shapes.Errors.Refused>([], out _));
    }

    [Fact]
    public void A_struct_has_its_typed_data_form() => Assert.Equal(
        "Item(bytes32 id,uint96 amount,string note,address[] seats)", Eip712Struct.Of<Item>().EncodeType);

    [Fact]
    public async Task A_contract_is_deployed_called_and_refuses_with_its_own_types()
    {
        using var signer = AnvilFixture.Account(6);
        using var web3 = new Web3(anvil.Url, signer);
        var probe = await Probe.DeployAsync(web3, 100);
        Assert.Equal(100, await probe.MostAsync());

        var item = new Item(Keccak256.Hash("item"), 70, "grüße", [Someone, Address.Zero]);
        var receipt = await probe.StoreAsync(item, wei: 5);
        Assert.Equal(new Probe.Events.Stored(item.Id, signer.Address, 70, "grüße"), Assert.Single(probe.Contract.Events<Probe.Events.Stored>(receipt)));
        var read = await probe.GetAsync(item.Id);
        Assert.Equal(item with { Seats = read.Seats }, read);
        Assert.Equal(item.Seats, read.Seats);
        Assert.Equal(new TotalsResult(70, 2), await probe.TotalsAsync(item.Id));
        Assert.Equal(new TotalsResult(0, 0), await probe.TotalsAsync(item.Id, receipt.BlockNumber - 1));

        var reverted = await Assert.ThrowsAsync<TransactionRevertedException>(() => probe.StoreAsync(item with { Amount = 101 }));
        Assert.True(reverted.Is<Probe.Errors.TooMuch>(out var tooMuch));
        Assert.Equal(new Probe.Errors.TooMuch(101, 100), tooMuch);
    }

    private static bool Refuses(Action decode)
    {
        try
        {
            decode();
            return false;
        }
        catch (AbiException)
        {
            return true;
        }
    }
}
