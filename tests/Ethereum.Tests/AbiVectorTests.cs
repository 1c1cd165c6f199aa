using System.Text.Json;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Tests;

public sealed class AbiVectorTests
{
    [Theory]
    [InlineData("abi")]
    [InlineData("abi2")]
    public void Published_values_encode_to_the_compilers_bytes_and_return(string file)
    {
        foreach (var vector in VectorFile.Read(file))
        {
            var parameters = Outputs(vector.GetProperty("outputs"));
            var expected = Hex.Decode(vector.Text("result"));
            object?[] values = [.. vector.GetProperty("values").EnumerateArray().Select(v => (object)v)];
            Assert.Equal(Hex.Encode(expected), Hex.Encode(AbiCodec.Encode(parameters, values)));

            var decoded = AbiCodec.Decode(parameters, expected);
            Assert.Equal(new AbiValues(parameters, AbiBinder.ToAbi(parameters, values, "expected")).ToString(), decoded.ToString());
            Assert.Equal(Hex.Encode(expected), Hex.Encode(AbiCodec.Encode(parameters, [.. decoded])));
        }
    }

    [Fact]
    public void Published_logs_decode_with_indexed_values()
    {
        foreach (var vector in VectorFile.Read("events"))
        {
            var abi = ContractAbi.Parse($"[{vector.GetProperty("event").GetRawText()}]");
            var found = abi.Events[0];
            var topics = vector.GetProperty("topics").EnumerateArray().Select(t => Bytes32.Parse(t.GetString()!)).ToList();
            if (!found.Anonymous)
            {
                Assert.Equal(found.Topic, topics[0]);
                topics.RemoveAt(0);
            }
            var values = ContractAbi.DecodeLog(found, topics, Hex.Decode(vector.Text("data")));
            var expected = vector.GetProperty("values").EnumerateArray().ToList();
            for (var i = 0; i < values.Count; i++)
                Assert.Equal(Expected(found.Inputs[i], expected[i]), new AbiValues([found.Inputs[i]], [values[i]]).ToString());
        }
    }

    private static string Expected(AbiParameter parameter, JsonElement json)
    {
        // All that an indexed value of a dynamic type leaves on the chain is its hash.
        var hashed = parameter.Indexed && (parameter.Type.IsDynamic || parameter.Type.Kind is AbiKind.Array or AbiKind.Tuple);
        var type = hashed ? AbiType.Parse("bytes32") : parameter.Type;
        return new AbiValues([parameter], [AbiBinder.ToAbi(type, json, parameter.Name)]).ToString();
    }

    private static IReadOnlyList<AbiParameter> Outputs(JsonElement outputs) =>
        ContractAbi.Parse($$"""[{"type":"function","name":"test","inputs":[],"outputs":{{outputs.GetRawText()}}}]""").Functions[0].Outputs;
}
