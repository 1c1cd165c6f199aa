using System.Numerics;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;

namespace Assay.Ethereum.Tests;

public sealed class Eip712Tests
{
    [Eip712Type("Mail(Person from,Person to,string contents)Person(string name,address wallet)")]
    public sealed record Mail(Person From, Person To, string Contents);

    public sealed record Person(string Name, Address Wallet);

    // Domain, message and results of the example in EIP-712 itself.
    private static readonly Eip712Domain Domain = new("Ether Mail", "1", 1, Address.Parse("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"));

    private static readonly Mail Letter = new(
        new Person("Cow", Address.Parse("0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826")),
        new Person("Bob", Address.Parse("0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB")),
        "Hello, Bob!");

    [Fact]
    public void The_example_of_the_standard_gives_its_hashes()
    {
        var data = TypedData.Of(Domain, Letter);
        Assert.Equal("0xa0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2", data.Type.TypeHash.ToString());
        Assert.Equal("0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e", data.Type.Hash(Letter).ToString());
        Assert.Equal("0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f", Domain.Separator.ToString());
        Assert.Equal("0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2", data.Digest.ToString());
    }

    [Fact]
    public async Task The_example_of_the_standard_gives_its_signature()
    {
        using var cow = new LocalSigner(Keccak256.Hash("cow").ToArray());
        var signature = await cow.SignTypedDataAsync(TypedData.Of(Domain, Letter));
        Assert.Equal(
            "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562" + "1c",
            signature.ToString());
    }

    [Fact]
    public void Published_typed_data_gives_its_digest()
    {
        foreach (var vector in VectorFile.Read("eip712", 1025))
        {
            var types = vector.GetProperty("types").EnumerateObject().ToDictionary(
                t => t.Name, t => (IReadOnlyList<Eip712Field>)[.. t.Value.EnumerateArray().Select(f => new Eip712Field(f.Text("name"), f.Text("type")))]);
            var type = new Eip712Struct(vector.Text("primaryType"), types);
            var data = new TypedData(ReadDomain(vector.GetProperty("domain")), type, vector.GetProperty("data"));
            Assert.Equal(vector.Text("digest"), data.Digest.ToString());
            Assert.Equal(data.Digest, TypedData.Parse(data.ToJson()).Digest);
            Assert.Equal(type.EncodeType, Eip712Struct.Parse(type.EncodeType).EncodeType);
        }
    }

    [Fact]
    public void The_json_for_a_wallet_carries_the_same_digest()
    {
        var data = TypedData.Of(Domain, Letter);
        Assert.Equal(data.Digest, TypedData.Parse(data.ToJson()).Digest);
    }

    [Fact]
    public void A_record_and_a_dictionary_hash_alike()
    {
        var type = Eip712Struct.Parse("Bid(uint256[] amounts,bytes blob,bytes32 id,bool open,Leg[2] legs)Leg(int64 delta)");
        var map = new Dictionary<string, object?>
        {
            ["amounts"] = new BigInteger[] { 1, 2 },
            ["blob"] = new byte[] { 1 },
            ["id"] = Bytes32.Zero,
            ["open"] = true,
            ["legs"] = new[] { new { Delta = 1L }, new { Delta = -1L } },
        };
        var record = new { Amounts = new List<ulong> { 1, 2 }, Blob = new byte[] { 1 }, Id = new byte[32], Open = true, Legs = new[] { new { Delta = 1 }, new { Delta = -1 } } };
        Assert.Equal(type.Hash(map), type.Hash(record));
    }

    [Fact]
    public void A_recursive_struct_ends_with_a_missing_value()
    {
        var type = Eip712Struct.Parse("Node(uint256 value,Node next)");
        var leaf = new Dictionary<string, object?> { ["value"] = 2, ["next"] = null };
        var root = new Dictionary<string, object?> { ["value"] = 1, ["next"] = leaf };
        var leafHash = Keccak256.Hash([.. type.TypeHash.ToArray(), .. Bytes32.FromBigInteger(2).ToArray(), .. new byte[32]]);
        Assert.Equal(Keccak256.Hash([.. type.TypeHash.ToArray(), .. Bytes32.FromBigInteger(1).ToArray(), .. leafHash.ToArray()]), type.Hash(root));
        leaf["next"] = root;
        Assert.Throws<AbiException>(() => type.Hash(root));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Mail")]
    [InlineData("Mail(Person from)")]
    [InlineData("Mail(string)")]
    [InlineData("Mail(string a,)")]
    [InlineData("A(C c,B b)C(uint256 x)B(uint256 x)")]
    [InlineData("A(uint256 x)B(uint256 y)")]
    [InlineData("A(uint x)A(uint y)")]
    [InlineData("A(tuple x)")]
    public void A_type_string_that_no_contract_would_hash_is_refused(string text) => Assert.Throws<AbiException>(() => Eip712Struct.Parse(text));

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("not json")]
    [InlineData("""{"types":{"EIP712Domain":[],"A":[{"name":"x","type":"uint8"}]},"primaryType":"A","domain":{},"message":{"x":256}}""")]
    [InlineData("""{"types":{"EIP712Domain":[],"A":[{"name":"x","type":"uint8"}]},"primaryType":"A","domain":{},"message":{}}""")]
    [InlineData("""{"types":{"EIP712Domain":[],"A":[{"name":"x","type":"uint8"}]},"primaryType":"A","domain":{},"message":{"x":true}}""")]
    [InlineData("""{"types":{"EIP712Domain":[],"A":[{"name":"x","type":"uint8[]"}]},"primaryType":"A","domain":{},"message":{"x":7}}""")]
    [InlineData("""{"types":{"EIP712Domain":[],"A":[{"name":"x","type":"B"}]},"primaryType":"A","domain":{},"message":{"x":7}}""")]
    [InlineData("""{"types":{"EIP712Domain":[],"A":[]},"primaryType":"C","domain":{},"message":{}}""")]
    [InlineData("""{"types":{"EIP712Domain":[],"A":[{"name":null,"type":null}]},"primaryType":"A","domain":{},"message":{}}""")]
    public void Json_that_is_no_typed_data_is_refused(string json) => Assert.Throws<AbiException>(() => TypedData.Parse(json));

    private static Eip712Domain ReadDomain(JsonElement json) => new(
        json.TryGetProperty("name", out var name) ? name.GetString() : null,
        json.TryGetProperty("version", out var version) ? version.GetString() : null,
        json.TryGetProperty("chainId", out var chain) ? BigInteger.Parse(chain.ToString()) : null,
        json.TryGetProperty("verifyingContract", out var contract) ? Address.Parse(contract.GetString()!) : null,
        json.TryGetProperty("salt", out var salt) ? Bytes32.Parse(salt.GetString()!) : null);
}
