using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.JsonRpc;

/// <summary>
/// Reads the logs of a JSON-RPC answer (or of the bare array) one by one from its bytes, without allocating. <c>using var logs = new LogReader(answer);
/// while (logs.Read()) ... logs.Current</c>. Every error is a <see cref="RpcTransportException"/> of a malformed answer, or the node's own
/// <see cref="JsonRpcException"/>.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public ref struct LogReader
{
    private const int MaxTopics = 4;

    private Utf8JsonReader _json;
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Bytes32.Size * MaxTopics + 1024);
    private LogView _current;
    private bool _started;

    /// <param name="answer">Whole UTF-8 JSON.</param>
    public LogReader(ReadOnlySpan<byte> answer) => _json = new Utf8JsonReader(answer);

    /// <summary>The log that was read; its spans are overwritten by the next.</summary>
    public readonly LogView Current => _current;

    /// <summary>False after the last log.</summary>
    public bool Read()
    {
        try
        {
            if (!_started)
                Start();
            if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
                return End();
            _current = ReadLog();
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new RpcTransportException(RpcFailure.Malformed, $"JSON-RPC: {error.Message}", error);
        }
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Start()
    {
        _started = true;
        _json.Read();
        if (_json.TokenType == JsonTokenType.StartArray)
            return;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var name = _json.ValueSpan;
            if (name.SequenceEqual("error"u8))
                throw JsonRpcException.Of(JsonElement.ParseValue(ref _json));
            _json.Read();
            if (name.SequenceEqual("result"u8))
                break;
            _json.Skip();
        }
        if (_json.TokenType != JsonTokenType.StartArray)
            throw new FormatException("expected an array of logs.");
    }

    private bool End()
    {
        if (_json.TokenType != JsonTokenType.EndArray)
            throw new FormatException("expected a log.");
        // What follows the array belongs to the answer and has to be JSON too.
        while (_json.Read()) { }
        _current = default;
        return false;
    }

    private LogView ReadLog()
    {
        var log = new LogView();
        var seen = 0;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var name = _json.ValueSpan;
            _json.Read();
            // Lengths tell the names of a log apart, but for two of them.
            switch (name.Length)
            {
                case 4 when name.SequenceEqual("data"u8): log.DataLength = ReadData(); seen |= 1; break;
                case 6 when name.SequenceEqual("topics"u8): log.TopicCount = ReadTopics(); seen |= 2; break;
                case 7 when name.SequenceEqual("address"u8): log.AddressText = Text(); seen |= 4; break;
                case 7 when name.SequenceEqual("removed"u8): log.Removed = _json.GetBoolean(); break;
                case 8 when name.SequenceEqual("logIndex"u8): log.LogIndex = checked((int)Quantity()); seen |= 8; break;
                case 9 when name.SequenceEqual("blockHash"u8): log.BlockHashText = Text(); seen |= 16; break;
                case 11 when name.SequenceEqual("blockNumber"u8): log.BlockNumber = Quantity(); seen |= 32; break;
                case 15 when name.SequenceEqual("transactionHash"u8): log.TransactionHashText = Text(); seen |= 64; break;
                case 16 when name.SequenceEqual("transactionIndex"u8): log.TransactionIndex = checked((int)Quantity()); seen |= 128; break;
                default: _json.Skip(); break;
            }
        }
        if (seen != 255)
            throw new FormatException("expected a log with all its fields.");
        log.Bytes = _bytes;
        return log;
    }

    private int ReadTopics()
    {
        if (_json.TokenType != JsonTokenType.StartArray)
            throw new FormatException("topics: expected an array.");
        var count = 0;
        for (; _json.Read() && _json.TokenType != JsonTokenType.EndArray; count++)
            if (count == MaxTopics)
                throw new FormatException($"topics: expected at most {MaxTopics}.");
            else
                Hex.Decode(Text(), _bytes.AsSpan(Bytes32.Size * count, Bytes32.Size));
        return count;
    }

    private int ReadData()
    {
        var text = Text();
        var length = Hex.DecodedLength(text);
        if (_bytes.Length - LogView.DataAt < length)
            Grow(length);
        Hex.Decode(text, _bytes.AsSpan(LogView.DataAt, length));
        return length;
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(LogView.DataAt + length);
        _bytes.AsSpan(0, LogView.DataAt).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    private readonly ulong Quantity()
    {
        var text = Text();
        return text is [(byte)'0', (byte)'x', _, ..] && Utf8Parser.TryParse(text[2..], out ulong value, out var used, 'x') && used == text.Length - 2
            ? value
            : throw new FormatException("expected a quantity of at most 64 bits.");
    }

    private readonly ReadOnlySpan<byte> Text() => _json.TokenType == JsonTokenType.String && !_json.ValueIsEscaped
        ? _json.ValueSpan
        : throw new FormatException("expected a plain string.");
}

/// <summary>A log in a buffer that its <see cref="LogReader"/> reuses.</summary>
public ref struct LogView
{
    internal const int DataAt = Bytes32.Size * 4;

    internal ReadOnlySpan<byte> Bytes, AddressText, BlockHashText, TransactionHashText;
    internal int TopicCount, DataLength;

    /// <summary>32 bytes each.</summary>
    public readonly ReadOnlySpan<byte> Topics => Bytes[..(Bytes32.Size * TopicCount)];

    public readonly ReadOnlySpan<byte> Data => Bytes.Slice(DataAt, DataLength);

    /// <exception cref="FormatException">The node's text is no address.</exception>
    public readonly Address Address
    {
        get
        {
            Span<byte> bytes = stackalloc byte[Address.Size];
            Hex.Decode(AddressText, bytes);
            return new Address(bytes);
        }
    }

    /// <exception cref="FormatException">The node's text is no hash.</exception>
    public readonly Bytes32 BlockHash => Hash(BlockHashText);

    /// <exception cref="FormatException">The node's text is no hash.</exception>
    public readonly Bytes32 TransactionHash => Hash(TransactionHashText);

    public ulong BlockNumber { get; internal set; }
    public int TransactionIndex { get; internal set; }

    /// <summary>Position in the block.</summary>
    public int LogIndex { get; internal set; }

    /// <summary>The node took it back in a reorg.</summary>
    public bool Removed { get; internal set; }

    private static Bytes32 Hash(ReadOnlySpan<byte> text)
    {
        Span<byte> bytes = stackalloc byte[Bytes32.Size];
        Hex.Decode(text, bytes);
        return new Bytes32(bytes);
    }
}
