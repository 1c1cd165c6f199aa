using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Tests;

public sealed class AbiBindingTests
{
    private const string Abi = """
        {"abi":[
          {"type":"function","name":"open","stateMutability":"nonpayable","outputs":[{"name":"","type":"bytes32"}],"inputs":[
            {"name":"order","type":"tuple","components":[
              {"name":"client","type":"address"},{"name":"jobId","type":"bytes32"},{"name":"price","type":"uint96"},{"name":"level","type":"uint8"},
              {"name":"seats","type":"tuple[]","components":[{"name":"operator","type":"address"},{"name":"share","type":"uint16"}]}]},
            {"name":"signature","type":"bytes"}]},
          {"type":"function","name":"get","stateMutability":"view","inputs":[],"outputs":[{"name":"count","type":"uint64"},{"name":"total","type":"int256"}]},
          {"type":"function","name":"get","stateMutability":"view","inputs":[{"name":"id","type":"uint256"}],"outputs":[]},
          {"type":"event","name":"JobOpened","inputs":[
            {"name":"jobId","type":"bytes32","indexed":true},{"name":"client","type":"address","indexed":true},{"name":"note","type":"string","indexed":true},
            {"name":"price","type":"uint96"},{"name":"data","type":"bytes"}]},
          {"type":"error","name":"NotEnough","inputs":[{"name":"available","type":"uint256"},{"name":"needed","type":"uint256"}]},
          {"type":"constructor","inputs":[{"name":"owner","type":"address"}]}
        ]}
        """;

    private static readonly ContractAbi Parsed = ContractAbi.Parse(Abi);
    private static readonly Address Client = new(Enumerable.Repeat((byte)7, 20).ToArray());
    private static readonly Bytes32 JobId = Keccak256.Hash("job");

    public enum Level
    {
        Once,
        Twice,
    }

    public sealed record Seat(Address Operator, int Share);

    public sealed record Order(Address Client, Bytes32 JobId, BigInteger Price, Level Level, IReadOnlyList<Seat> Seats);

    public sealed record OpenCall(Order Order, byte[] Signature);

    public sealed record JobOpened(Bytes32 JobId, Address Client, Bytes32 Note, UInt128 Price, ReadOnlyMemory<byte> Data);

    [Fact]
    public void A_call_made_from_records_returns_as_the_same_records()
    {
        var order = new Order(Client, JobId, 5, Level.Twice, [new Seat(Client, 3), new Seat(Address.Zero, 9)]);
        var data = Parsed.Encode("open", order, new byte[] { 1, 2 });
        Assert.Equal("0x" + Parsed.Function("open").Selector.ToString("x8"), Hex.Encode(data.AsSpan(0, 4)));

        var call = Parsed.DecodeCall<OpenCall>("open", data);
        Assert.Equal(order.Seats, call.Order.Seats);
        Assert.Equal(order with { Seats = call.Order.Seats }, call.Order);
        Assert.Equal([1, 2], call.Signature);
    }

    [Fact]
    public void A_tuple_may_be_a_record_a_list_a_value_tuple_or_a_dictionary()
    {
        var record = Parsed.Encode("open", new Order(Client, JobId, 5, Level.Once, []), Array.Empty<byte>());
        Assert.Equal(record, Parsed.Encode("open", new object[] { Client, JobId, 5, 0, Array.Empty<object>() }, Array.Empty<byte>()));
        Assert.Equal(record, Parsed.Encode("open", (Client, JobId, 5UL, (byte)0, Array.Empty<Seat>()), Array.Empty<byte>()));
        var map = new Dictionary<string, object?> { ["client"] = Client, ["jobId"] = JobId, ["price"] = 5, ["level"] = 0, ["seats"] = Array.Empty<Seat>() };
        Assert.Equal(record, Parsed.Encode("open", map, Array.Empty<byte>()));
    }

    [Fact]
    public void A_log_is_bound_by_the_names_of_its_values()
    {
        var log = OpenedLog();
        var opened = Parsed.Decode<JobOpened>(log);
        Assert.Equal(JobId, opened.JobId);
        Assert.Equal(Client, opened.Client);
        Assert.Equal(Keccak256.Hash("note"), opened.Note);
        Assert.Equal((UInt128)77, opened.Price);
        Assert.Equal([9], opened.Data.ToArray());
        Assert.Equal(77, Parsed.DecodeLog(log).Values.GetBigInteger("price"));
    }

    [Fact]
    public void A_log_of_an_unknown_event_is_told_apart_from_a_malformed_one()
    {
        Assert.False(Parsed.TryDecodeLog(OpenedLog() with { Topics = [JobId] }, out _));
        Assert.False(Parsed.TryDecodeLog(OpenedLog() with { Topics = [] }, out _));
        Assert.Throws<AbiException>(() => Parsed.TryDecodeLog(OpenedLog() with { Data = [1] }, out _));
        Assert.Throws<AbiException>(() => Parsed.TryDecodeLog(OpenedLog() with { Topics = [.. OpenedLog().Topics.SkipLast(1)] }, out _));
        Bytes32[] dirty = [.. OpenedLog().Topics];
        dirty[2] = JobId;
        Assert.Throws<AbiException>(() => Parsed.TryDecodeLog(OpenedLog() with { Topics = dirty }, out _));
    }

    [Fact]
    public void An_error_is_decoded_with_its_values()
    {
        var error = Parsed.DecodeError(Parsed.EncodeError("NotEnough", 3, 5))!;
        Assert.Equal("NotEnough", error.Name);
        Assert.Equal(5, error.Values.GetBigInteger("needed"));
        Assert.Equal("NotEnough(available: 3, needed: 5)", error.ToString());
    }

    [Theory]
    [InlineData("0x08c379a00000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000000000000568656c6c6f000000000000000000000000000000000000000000000000000000", "hello")]
    [InlineData("0x4e487b710000000000000000000000000000000000000000000000000000000000000011", "Panic: arithmetic overflow or underflow (0x11)")]
    public void Solidity_s_own_errors_need_no_abi(string data, string text) =>
        Assert.Equal(text, ContractAbi.Empty.DecodeError(Hex.Decode(data))!.ToString());

    [Theory]
    [InlineData("0x")]
    [InlineData("0x08c3")]
    [InlineData("0x08c379a0")]
    [InlineData("0x12345678")]
    [InlineData("0x08c379a00000000000000000000000000000000000000000000000000000000000000020ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    public void Revert_data_that_cannot_be_read_is_no_error_of_ours(string data) => Assert.Null(Parsed.DecodeError(Hex.Decode(data)));

    [Fact]
    public void An_overloaded_name_asks_for_its_signature()
    {
        Assert.Throws<AbiException>(() => Parsed.Function("get"));
        Assert.Equal(36, Parsed.Encode("get(uint256)", 1).Length);
        var values = Parsed.DecodeResult("get()", AbiCodec.Encode(Parsed.Function("get()").Outputs, 4, -1));
        Assert.Equal(4UL, values.GetUInt64("count"));
        Assert.Equal(-1, values.GetBigInteger("total"));
    }

    [Theory]
    [InlineData("uint8", 256)]
    [InlineData("uint8", -1)]
    [InlineData("int8", 128)]
    [InlineData("int8", -129)]
    [InlineData("bytes4", "text")]
    [InlineData("address", "0x0000000000000000000000000000000000000000")]
    [InlineData("bool", 1)]
    [InlineData("uint256", null)]
    [InlineData("uint256[2]", new[] { 1 })]
    [InlineData("(uint256)", 1)]
    public void A_value_that_does_not_fit_its_type_is_refused(string type, object? value) =>
        Assert.Throws<AbiException>(() => AbiCodec.Encode(AbiType.Parse(type), value));

    [Fact]
    public void Words_of_the_wrong_length_are_refused()
    {
        Assert.Throws<AbiException>(() => AbiCodec.Encode(AbiType.Parse("bytes32"), new byte[31]));
        Assert.Throws<AbiException>(() => AbiCodec.Encode(AbiType.Parse("bytes4"), new byte[5]));
    }

    [Fact]
    public void A_number_is_not_narrowed_with_loss()
    {
        var values = AbiCodec.Decode([new AbiParameter("n", AbiType.Parse("uint96"))], AbiCodec.Encode(AbiType.Parse("uint96"), ulong.MaxValue));
        Assert.Equal(ulong.MaxValue, values.GetUInt64("n"));
        Assert.Throws<AbiException>(() => values.Get<long>("n"));
        Assert.Throws<AbiException>(() => values.Get<Level>("n"));
        Assert.Throws<AbiException>(() => values.Get<string>("n"));
        Assert.Throws<AbiException>(() => values.GetUInt64("m"));
    }

    private static Log OpenedLog() => new(
        Client,
        [Parsed.Event("JobOpened").Topic, JobId, ContractAbi.EncodeTopic(AbiType.Parse("address"), Client), Keccak256.Hash("note")],
        AbiCodec.Encode([.. Parsed.Event("JobOpened").Inputs.Where(i => !i.Indexed)], 77, new byte[] { 9 }),
        1, JobId, JobId, 0, 0);
}
