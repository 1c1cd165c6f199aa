using System.Text.Json;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Tests;

public sealed class AbiVectorTests
{
    [Theory]
    [InlineData("contract-interface", 2045)]
    [InlineData("contract-interface-abi2", 1880)]
    public void Published_values_encode_to_the_compilers_bytes_and_return(string file, int count)
    {
        foreach (var vector in VectorFile.Read(file, count))
        {
            var parameters = ContractAbi.Parse(vector.Text("interface")).Function("test").Outputs;
            var expected = Hex.Decode(vector.Text("result"));
            using var json = JsonDocument.Parse(vector.Text(vector.TryGetProperty("normalizedValues", out _) ? "normalizedValues" : "values"));
            object?[] values = [.. json.RootElement.EnumerateArray().Select(Plain)];
            Assert.Equal(Hex.Encode(expected), Hex.Encode(AbiCodec.Encode(parameters, values)));

            var decoded = AbiCodec.Decode(parameters, expected);
            Assert.Equal(new AbiValues(parameters, AbiBinder.ToAbi(parameters, values, "expected")).ToString(), decoded.ToString());
            Assert.Equal(Hex.Encode(expected), Hex.Encode(AbiCodec.Encode(parameters, [.. decoded])));
        }
    }

    [Fact]
    public void Published_logs_decode_and_their_topics_are_found_again()
    {
        var hashed = 0;
        foreach (var vector in VectorFile.Read("contract-events", 2016))
        {
            var found = ContractAbi.Parse(vector.Text("interface")).Event("testEvent");
            var topics = vector.GetProperty("topics").EnumerateArray().Select(t => Bytes32.Parse(t.GetString()!)).ToList();
            if (!found.Anonymous)
            {
                Assert.Equal(found.Topic, topics[0]);
                topics.RemoveAt(0);
            }
            var values = ContractAbi.DecodeLog(found, topics, Hex.Decode(vector.Text("data")));
            var (plain, kept) = (Values(vector, "values"), Values(vector, "normalizedValues"));
            var topic = 0;
            foreach (var (i, parameter) in found.Inputs.Index())
            {
                // All that an indexed value of a dynamic type leaves on the chain is its hash.
                var isHash = parameter.Indexed && (parameter.Type.IsDynamic || parameter.Type.Kind is AbiKind.Array or AbiKind.Tuple);
                var expected = AbiBinder.ToAbi(isHash ? AbiType.Parse("bytes32") : parameter.Type, kept[i], parameter.Name);
                Assert.Equal(new AbiValues([parameter], [expected]).ToString(), new AbiValues([parameter], [values[i]]).ToString());
                if (parameter.Indexed) Assert.Equal(topics[topic++], ContractAbi.EncodeTopic(parameter.Type, plain[i]));
                if (isHash) hashed++;
            }
        }
        Assert.True(hashed > 500, $"only {hashed} topics are hashes");
    }

    [Fact]
    public void Published_signatures_have_their_selectors()
    {
        foreach (var vector in VectorFile.Read("contract-signatures", 1880))
        {
            var function = ContractAbi.Parse(vector.Text("abi")).Function("testSig");
            Assert.Equal((vector.Text("signature"), vector.Text("sigHash")), (function.Signature, $"0x{function.Selector:x8}"));
        }
    }

    [Fact]
    public void Published_packed_encodings_have_their_hash()
    {
        foreach (var vector in VectorFile.Read("solidity-hashes", 2016))
        {
            AbiType[] types = [.. vector.GetProperty("types").EnumerateArray().Select(t => AbiType.Parse(t.GetString()!))];
            Assert.Equal(vector.Text("keccak256"), AbiPacked.Hash(types, Values(vector, "values")).ToString());
        }
    }

    [Theory]
    [InlineData("string[]")]
    [InlineData("bytes[2]")]
    [InlineData("(uint8)")]
    [InlineData("(uint8)[]")]
    public void What_has_no_packed_form_is_refused(string type) =>
        Assert.Throws<AbiException>(() => AbiPacked.Encode([AbiType.Parse(type)], [Array.Empty<object>()]));

    private static object[] Values(JsonElement vector, string name) => [.. vector.GetProperty(name).EnumerateArray().Select(Value)];

    /// <summary>A plain JSON value; these files write negative numbers as -0x.</summary>
    private static object Value(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.EnumerateArray().Select(Value).ToArray(),
        JsonValueKind.String when json.GetString()!.StartsWith("-0x", StringComparison.Ordinal) => -Hex.ParseQuantity(json.GetString()!.TrimStart('-')),
        _ => json,
    };

    /// <summary>A value in the files' own form: lists, and {"type", "value"} for everything else.</summary>
    private static object? Plain(JsonElement json) => json.ValueKind == JsonValueKind.Array ? json.EnumerateArray().Select(Plain).ToArray()
        : json.Text("type") == "tuple" ? json.GetProperty("value").EnumerateArray().Select(Plain).ToArray()
        : json.GetProperty("value").Clone();
}
