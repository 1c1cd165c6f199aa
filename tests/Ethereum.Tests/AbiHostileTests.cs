using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Tests;

public sealed class AbiHostileTests
{
    private const string Zero = "0000000000000000000000000000000000000000000000000000000000000000";
    private const string One = "0000000000000000000000000000000000000000000000000000000000000001";
    private const string X20 = "0000000000000000000000000000000000000000000000000000000000000020";
    private const string X40 = "0000000000000000000000000000000000000000000000000000000000000040";
    private const string Huge = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    private const string Long = "000000000000000000000000000000000000000000000000000000007fffffff";

    [Theory]
    [InlineData("uint256", "", "no bytes")]
    [InlineData("uint256", "00", "one byte")]
    [InlineData("uint256", Zero + "00", "a byte left over")]
    [InlineData("uint256", Zero + Zero, "a word left over")]
    [InlineData("uint8", "0000000000000000000000000000000000000000000000000000000000000100", "dirty high bits")]
    [InlineData("int8", "0000000000000000000000000000000000000000000000000000000000000080", "a sign that is not extended")]
    [InlineData("int8", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "a sign extended over a positive number")]
    [InlineData("int64", "00000000000000000000000000000000000000000000000fffffffffffffffff", "dirty high bits")]
    [InlineData("bool", "0000000000000000000000000000000000000000000000000000000000000002", "a bool of 2")]
    [InlineData("bool", "0100000000000000000000000000000000000000000000000000000000000001", "dirty bits of a bool")]
    [InlineData("address", "0000000000000000000000010000000000000000000000000000000000000001", "dirty bits of an address")]
    [InlineData("bytes4", "0000000000000000000000000000000000000000000000000000000000000001", "dirty bytes after bytes4")]
    [InlineData("bytes", X40 + Zero + Zero, "a gap before the tail")]
    [InlineData("bytes", Zero, "an offset into the head")]
    [InlineData("bytes", Huge, "an offset beyond any input")]
    [InlineData("bytes", X20, "no length")]
    [InlineData("bytes", X20 + One, "no content")]
    [InlineData("bytes", X20 + Huge, "a length beyond any input")]
    [InlineData("bytes", X20 + Long + Zero, "a length beyond this input")]
    [InlineData("bytes", X20 + One + "00ff000000000000000000000000000000000000000000000000000000000000", "dirty padding")]
    [InlineData("bytes", X20 + One + "00", "no padding")]
    [InlineData("string", X20 + One + "ff00000000000000000000000000000000000000000000000000000000000000", "invalid UTF-8")]
    [InlineData("uint256[]", X20 + Long + Zero, "more elements than bytes")]
    [InlineData("uint256[]", X20 + Huge, "a count beyond any input")]
    [InlineData("()[]", X20 + Long, "countless elements without bytes")]
    [InlineData("uint256[0][]", X20 + Long, "countless elements without bytes")]
    [InlineData("bytes[]", X20 + One + Zero, "an element whose offset points at itself")]
    [InlineData("bytes[][]", X20 + One + Zero, "an array that contains itself")]
    [InlineData("(bytes,bytes)", X20 + X40 + X40 + Zero, "two values that share one tail")]
    public void Bytes_that_are_not_canonical_are_refused(string type, string data, string what)
    {
        Assert.NotEmpty(what);
        Assert.Throws<AbiException>(() => AbiCodec.Decode(AbiType.Parse(type), Convert.FromHexString(data)));
    }

    [Fact]
    public void A_chain_of_arrays_that_all_claim_the_same_bytes_is_refused_within_its_size()
    {
        // Ten levels that each point ten times at the next one would ask a lenient decoder for 10^10 values.
        var words = string.Concat(Enumerable.Repeat(X20 + "000000000000000000000000000000000000000000000000000000000000000a" + string.Concat(Enumerable.Repeat("0000000000000000000000000000000000000000000000000000000000000140", 10)), 10));
        Assert.Throws<AbiException>(() => AbiCodec.Decode(AbiType.Parse("uint256[][][][][][][][][][]"), Convert.FromHexString(words)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("uint7")]
    [InlineData("uint264")]
    [InlineData("uint08")]
    [InlineData("bytes0")]
    [InlineData("bytes33")]
    [InlineData("uint256[")]
    [InlineData("uint256[-1]")]
    [InlineData("uint256[01]")]
    [InlineData("uint256[99999999]")]
    [InlineData("[]")]
    [InlineData("tuple")]
    [InlineData("(uint256,)")]
    [InlineData("map")]
    [InlineData("uint256[1000000][1000000]")]
    public void A_text_that_is_no_type_is_refused(string type) => Assert.Throws<AbiException>(() => AbiType.Parse(type));

    [Fact]
    public void A_type_nested_beyond_the_limit_is_refused()
    {
        Assert.Throws<AbiException>(() => AbiType.Parse("uint256" + string.Concat(Enumerable.Repeat("[]", 100_000))));
        Assert.Throws<AbiException>(() => AbiType.Parse(new string('(', 100_000) + new string(')', 100_000)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("1")]
    [InlineData("[1]")]
    [InlineData("""[{"type":"function","name":"f","inputs":[{"name":"a"}]}]""")]
    [InlineData("""[{"type":"function","name":"f","inputs":[{"name":"a","type":7}]}]""")]
    [InlineData("""[{"type":"function","name":"f","inputs":[{"name":"a","type":null}]}]""")]
    [InlineData("""[{"type":"function","name":7,"inputs":[]}]""")]
    [InlineData("""[{"type":"event","name":"e","inputs":{}}]""")]
    public void A_text_that_is_no_abi_is_refused(string json) => Assert.Throws<AbiException>(() => ContractAbi.Parse(json));

    [Fact]
    public void Random_and_mutated_bytes_decode_to_their_own_encoding_or_are_refused()
    {
        var random = new Random(20261121);
        string[] types = ["(uint8,bytes,string)[]", "bytes[2][]", "(address,(bool,int16)[],bytes4)", "string[][]", "uint96[3]", "(bytes,(string,uint256[])[2])[1]"];
        var accepted = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var type = AbiType.Parse(types[i % types.Length]);
            var data = i % 2 == 0 ? Words(random) : Mutate(random, AbiCodec.Encode(type, Value(random, type)));
            try
            {
                var value = AbiCodec.Decode(type, data);
                Assert.Equal(Hex.Encode(data), Hex.Encode(AbiCodec.Encode(type, value)));
                accepted++;
            }
            catch (AbiException)
            {
                // Refused, by the one documented exception.
            }
        }
        Assert.True(accepted > 100, $"only {accepted} inputs were accepted");
    }

    private static byte[] Words(Random random)
    {
        var words = new byte[32 * random.Next(0, 12)];
        for (var i = 31; i < words.Length; i += 32)
            words[i] = (byte)(random.Next(4) == 0 ? random.Next(256) : 32 * random.Next(8));
        return words;
    }

    private static byte[] Mutate(Random random, byte[] data)
    {
        if (random.Next(4) != 0 && data.Length > 0)
            data[random.Next(data.Length)] ^= (byte)(1 << random.Next(8));
        return random.Next(8) == 0 ? data[..random.Next(data.Length + 1)] : data;
    }

    private static object Value(Random random, AbiType type) => type.Kind switch
    {
        AbiKind.UInt or AbiKind.Int => random.Next(0, 100),
        AbiKind.Address => new Address(Bytes(random, 20)),
        AbiKind.Bool => random.Next(2) == 1,
        AbiKind.FixedBytes => Bytes(random, type.Size),
        AbiKind.Bytes => Bytes(random, random.Next(70)),
        AbiKind.String => new string('é', random.Next(40)),
        AbiKind.Array => Enumerable.Range(0, type.Length ?? random.Next(4)).Select(_ => Value(random, type.Element!)).ToArray(),
        _ => type.Components.Select(c => Value(random, c.Type)).ToArray(),
    };

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
