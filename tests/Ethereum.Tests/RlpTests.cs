using System.Text.Json;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Tests;

public sealed class RlpTests
{
    [Fact]
    public void Published_items_encode_and_decode_to_the_same_bytes()
    {
        foreach (var vector in VectorFile.Read("rlp-coder", 61))
        {
            var item = Item(vector.GetProperty("decoded"));
            Assert.Equal(vector.Text("encoded"), Hex.Encode(Rlp.Encode(item)));
            Assert.Equal(vector.Text("encoded"), Hex.Encode(Rlp.Encode(Rlp.Decode(Hex.Decode(vector.Text("encoded"))))));
        }
    }

    [Theory]
    [InlineData("0x", "nothing")]
    [InlineData("0x8100", "a byte that is its own encoding")]
    [InlineData("0x817f", "a byte that is its own encoding")]
    [InlineData("0x83646f", "truncated bytes")]
    [InlineData("0x83646f6767", "left-over bytes")]
    [InlineData("0xb800", "a long form for no bytes")]
    [InlineData("0xb801ff", "a long form for a short string")]
    [InlineData("0xb90038", "a length with a leading zero")]
    [InlineData("0xbfffffffffffffffff", "a length beyond any input")]
    [InlineData("0xbb7fffffff", "a length beyond this input")]
    [InlineData("0xbbffffffff", "a length beyond an int")]
    [InlineData("0xc1", "a truncated list")]
    [InlineData("0xc0c0", "two items")]
    [InlineData("0xf800", "a long form for an empty list")]
    [InlineData("0xc28100", "a bad item in a list")]
    [InlineData("0xc2820102", "an item that ends beyond its list")]
    public void An_encoding_that_is_not_canonical_is_refused(string bytes, string what)
    {
        Assert.NotEmpty(what);
        Assert.Throws<RlpException>(() => Rlp.Decode(Hex.Decode(bytes)));
    }

    [Fact]
    public void Nesting_beyond_the_limit_is_refused()
    {
        var item = RlpItem.List();
        for (var i = 0; i < Rlp.MaxDepth; i++)
            item = RlpItem.List(item);
        Rlp.Decode(Rlp.Encode(item));
        Assert.Throws<RlpException>(() => Rlp.Decode(Rlp.Encode(RlpItem.List(item))));
    }

    [Fact]
    public void A_number_with_a_leading_zero_is_refused() =>
        Assert.Throws<RlpException>(() => RlpItem.Of((ReadOnlySpan<byte>)[0, 1]).ToBigInteger());

    private static RlpItem Item(JsonElement json) => json.ValueKind == JsonValueKind.Array
        ? RlpItem.List([.. json.EnumerateArray().Select(Item)])
        : RlpItem.Of(Hex.Decode(json.GetString()).AsSpan());
}
