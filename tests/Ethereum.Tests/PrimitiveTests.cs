using System.Numerics;
using System.Text.Json;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Tests;

public sealed class PrimitiveTests
{
    private const string Checksummed = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    [Fact]
    public void Keccak_gives_the_published_hashes()
    {
        foreach (var vector in VectorFile.Read("hashes", 516))
            Assert.Equal(vector.Text("keccak256"), Keccak256.Hash(Hex.Decode(vector.Text("data"))).ToString());
    }

    [Theory]
    [InlineData(135)]
    [InlineData(136)]
    [InlineData(137)]
    [InlineData(272)]
    public void Keccak_of_a_length_round_the_block_differs_from_its_neighbours(int length)
    {
        Assert.NotEqual(Keccak256.Hash(new byte[length]), Keccak256.Hash(new byte[length + 1]));
        Assert.NotEqual(Keccak256.Hash(new byte[length]), Keccak256.Hash(new byte[length - 1]));
    }

    [Fact]
    public void An_address_is_written_with_the_published_checksum()
    {
        foreach (var vector in VectorFile.Read("accounts", 1038))
        {
            Assert.Equal(vector.Text("checksumAddress"), Address.Parse(vector.Text("address")).ToString());
            Assert.Equal(vector.Text("address").ToLowerInvariant(), Address.Parse(vector.Text("checksumAddress")).ToLowerString());
        }
    }

    [Fact]
    public void An_address_of_one_case_needs_no_checksum()
    {
        Assert.Equal(Checksummed, Address.Parse(Checksummed.ToLowerInvariant()).ToString());
        Assert.Equal(Checksummed, Address.Parse("0x" + Checksummed[2..].ToUpperInvariant()).ToString());
    }

    [Fact]
    public void A_wrong_checksum_is_refused_with_the_expected_and_the_actual_address()
    {
        var wrong = Checksummed.Replace('A', 'a');
        var error = Assert.Throws<FormatException>(() => Address.Parse(wrong));
        Assert.Contains(Checksummed, error.Message);
        Assert.Contains(wrong, error.Message);
        Assert.False(Address.TryParse(wrong, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00")]
    [InlineData("0xzzAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    public void A_text_that_is_no_address_is_refused(string text)
    {
        Assert.False(Address.TryParse(text, out _));
        Assert.Throws<FormatException>(() => Address.Parse(text));
    }

    [Fact]
    public void Values_are_compared_as_big_endian_numbers()
    {
        var words = Enumerable.Range(0, 200).Select(i => Keccak256.Hash([(byte)i])).ToList();
        Assert.Equal(words.OrderBy(w => w.ToBigInteger()), words.Order());
        Assert.Equal(words.Select(w => new Address(w.ToArray().AsSpan(12))).OrderBy(a => a.ToLowerString(), StringComparer.Ordinal),
            words.Select(w => new Address(w.ToArray().AsSpan(12))).Order());
    }

    [Fact]
    public void A_number_returns_from_its_word()
    {
        foreach (var number in new[] { BigInteger.Zero, BigInteger.One, 255, 256, (BigInteger.One << 255) + 7, (BigInteger.One << 256) - 1 })
            Assert.Equal(number, Bytes32.FromBigInteger(number).ToBigInteger());
        Assert.Throws<ArgumentOutOfRangeException>(() => Bytes32.FromBigInteger(BigInteger.One << 256));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bytes32.FromBigInteger(-1));
    }

    [Fact]
    public void Json_carries_addresses_and_hashes_as_values_and_as_keys()
    {
        var hash = Keccak256.Hash("job");
        var map = new Dictionary<Address, Bytes32> { [Address.Parse(Checksummed)] = hash };
        var json = JsonSerializer.Serialize(map);
        Assert.Equal($$"""{"{{Checksummed}}":"{{hash}}"}""", json);
        Assert.Equal(map, JsonSerializer.Deserialize<Dictionary<Address, Bytes32>>(json));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("\"0x12\"")]
    public void Json_of_another_kind_is_a_json_error(string json)
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Bytes32>(json));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Address>(json));
    }

    [Theory]
    [InlineData("0x0", "0")]
    [InlineData("0xff", "255")]
    [InlineData("0x8000000000000000", "9223372036854775808")]
    public void A_quantity_is_read_and_written_without_a_sign(string text, string number)
    {
        Assert.Equal(BigInteger.Parse(number), Hex.ParseQuantity(text));
        Assert.Equal(text, Hex.Quantity(BigInteger.Parse(number)));
        Assert.Equal(text, Hex.Quantity(ulong.Parse(number)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("12")]
    [InlineData("0x-1")]
    [InlineData("0x1 ")]
    [InlineData("0x10000000000000000000000000000000000000000000000000000000000000000")]
    public void A_text_that_is_no_quantity_is_refused(string text) => Assert.Throws<FormatException>(() => Hex.ParseQuantity(text));
}
