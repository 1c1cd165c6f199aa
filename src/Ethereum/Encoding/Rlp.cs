using System.Numerics;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

public sealed class RlpException(string message) : Exception(message);

/// <summary>An RLP item: a byte string or a list of items.</summary>
public sealed class RlpItem
{
    private readonly byte[]? _bytes;
    private readonly IReadOnlyList<RlpItem>? _items;

    private RlpItem(byte[]? bytes, IReadOnlyList<RlpItem>? items) => (_bytes, _items) = (bytes, items);

    public bool IsList => _items is not null;

    /// <exception cref="RlpException">The item is a list.</exception>
    public byte[] Bytes => _bytes ?? throw new RlpException("RLP: expected bytes, actual a list.");

    /// <exception cref="RlpException">The item is a byte string.</exception>
    public IReadOnlyList<RlpItem> Items => _items ?? throw new RlpException("RLP: expected a list, actual bytes.");

    public static RlpItem Of(ReadOnlySpan<byte> bytes) => new(bytes.ToArray(), null);
    public static RlpItem Of(Bytes32 value) => new(value.ToArray(), null);
    public static RlpItem Of(Address? value) => new(value?.ToArray() ?? [], null);
    public static RlpItem List(params IReadOnlyList<RlpItem> items) => new(null, items);

    /// <summary>A number as its big-endian bytes without leading zeros; zero is the empty string.</summary>
    public static RlpItem Of(BigInteger value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, BigInteger.Zero);
        return new(value.IsZero ? [] : value.ToByteArray(isUnsigned: true, isBigEndian: true), null);
    }

    /// <exception cref="RlpException">A leading zero, or more than <paramref name="maxBytes"/> bytes.</exception>
    public BigInteger ToBigInteger(int maxBytes = 32)
    {
        if (Bytes.Length > maxBytes)
            throw new RlpException($"RLP: expected a number of at most {maxBytes} bytes, actual {Bytes.Length}.");
        if (Bytes is [0, ..])
            throw new RlpException("RLP: the number has a leading zero.");
        return new BigInteger(Bytes, isUnsigned: true, isBigEndian: true);
    }

    public ulong ToUInt64() => (ulong)ToBigInteger(8);

    public Bytes32 ToBytes32() => Bytes.Length == 32 ? new Bytes32(Bytes) : throw new RlpException($"RLP: expected 32 bytes, actual {Bytes.Length}.");

    /// <summary>20 bytes; null for the empty string (contract creation).</summary>
    public Address? ToAddress() => Bytes.Length switch
    {
        0 => null,
        20 => new Address(Bytes),
        var length => throw new RlpException($"RLP: expected an address of 20 bytes, actual {length}."),
    };
}

/// <summary>Recursive length prefix encoding; decoding accepts the canonical form alone.</summary>
public static class Rlp
{
    public const int MaxDepth = 64;

    public static byte[] Encode(RlpItem item)
    {
        var output = new byte[Length(item)];
        var rest = output.AsSpan();
        Write(item, ref rest);
        return output;
    }

    public static byte[] EncodeList(params IReadOnlyList<RlpItem> items) => Encode(RlpItem.List(items));

    /// <exception cref="RlpException">Truncated, left-over bytes, a length not in its shortest form, or nesting beyond <see cref="MaxDepth"/>.</exception>
    public static RlpItem Decode(ReadOnlySpan<byte> data)
    {
        var item = Read(ref data, 0);
        return data.IsEmpty ? item : throw new RlpException($"RLP: {data.Length} bytes left over.");
    }

    private static int Payload(RlpItem item) => item.IsList ? checked(item.Items.Sum(Length)) : item.Bytes.Length;

    private static int Length(RlpItem item)
    {
        var payload = Payload(item);
        return IsOwnEncoding(item) ? 1 : checked(1 + LengthOfLength(payload) + payload);
    }

    private static bool IsOwnEncoding(RlpItem item) => !item.IsList && item.Bytes is [< 0x80];

    private static int LengthOfLength(int payload) => payload < 56 ? 0 : (39 - BitOperations.LeadingZeroCount((uint)payload)) / 8;

    private static void Write(RlpItem item, ref Span<byte> output)
    {
        if (!IsOwnEncoding(item))
            WriteHeader(item.IsList ? 0xc0 : 0x80, Payload(item), ref output);
        if (item.IsList)
        {
            foreach (var child in item.Items)
                Write(child, ref output);
            return;
        }
        item.Bytes.CopyTo(output);
        output = output[item.Bytes.Length..];
    }

    private static void WriteHeader(int kind, int payload, ref Span<byte> output)
    {
        var lengthOfLength = LengthOfLength(payload);
        output[0] = (byte)(lengthOfLength == 0 ? kind + payload : kind + 55 + lengthOfLength);
        for (var i = 0; i < lengthOfLength; i++)
            output[1 + i] = (byte)(payload >> (8 * (lengthOfLength - 1 - i)));
        output = output[(1 + lengthOfLength)..];
    }

    private static RlpItem Read(ref ReadOnlySpan<byte> data, int depth)
    {
        if (depth > MaxDepth)
            throw new RlpException($"RLP: nested deeper than {MaxDepth}.");
        var first = Take(ref data, 1)[0];
        if (first < 0x80)
            return RlpItem.Of([first]);
        if (first < 0xc0)
        {
            var bytes = Take(ref data, ReadLength(first - 0x80, ref data));
            return bytes is [< 0x80] ? throw new RlpException("RLP: a byte below 0x80 is its own encoding.") : RlpItem.Of(bytes);
        }
        var content = Take(ref data, ReadLength(first - 0xc0, ref data));
        var items = new List<RlpItem>();
        while (!content.IsEmpty)
            items.Add(Read(ref content, depth + 1));
        return RlpItem.List(items);
    }

    private static int ReadLength(int code, ref ReadOnlySpan<byte> data)
    {
        if (code < 56)
            return code;
        var digits = Take(ref data, code - 55);
        if (digits[0] == 0)
            throw new RlpException("RLP: the length has a leading zero.");
        if (digits.Length > 4)
            throw new RlpException("RLP: the length is beyond any input.");
        long length = 0;
        foreach (var digit in digits)
            length = (length << 8) | digit;
        if (length < 56)
            throw new RlpException("RLP: the length is not in its shortest form.");
        return length <= int.MaxValue ? (int)length : throw new RlpException("RLP: the length is beyond any input.");
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> data, int count)
    {
        if (count > data.Length)
            throw new RlpException($"RLP: expected {count} bytes more, actual {data.Length}.");
        var taken = data[..count];
        data = data[count..];
        return taken;
    }
}
