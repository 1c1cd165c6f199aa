using System.Buffers;
using System.Buffers.Binary;

namespace Assay.Indexer.Sources;

/// <summary>Rows in PostgreSQL's binary COPY form, without the stream's header and trailer, in bytes borrowed from the shared pool.</summary>
internal sealed class CopyBuffer(int capacity = 1 << 12) : IDisposable
{
    /// <summary>Signature, flags and length of the header extension.</summary>
    public static ReadOnlyMemory<byte> Header { get; } = (byte[])[.. "PGCOPY\n"u8, 0xff, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>A row of minus one columns ends the stream.</summary>
    public static ReadOnlyMemory<byte> Trailer { get; } = (byte[])[0xff, 0xff];

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);
    private int _length;

    public int Rows { get; private set; }

    public int Length => _length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void Dispose()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _length) = ([], 0);
    }

    public void StartRow(int columns)
    {
        Rows++;
        BinaryPrimitives.WriteInt16BigEndian(Take(2), (short)columns);
    }

    /// <summary>What a row that turned out unreadable has to go back to.</summary>
    public (int Length, int Rows) Mark => (_length, Rows);

    public void Reset((int Length, int Rows) mark) => (_length, Rows) = mark;

    public void Null() => RawInt32(-1);

    public void Bool(bool value) => Field(1)[0] = value ? (byte)1 : (byte)0;

    public void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Field(2), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Field(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64BigEndian(Field(8), value);

    /// <summary>A bytea, or a text given in UTF-8.</summary>
    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Field(value.Length));

    /// <summary>A jsonb, given as JSON text in UTF-8.</summary>
    public void Json(ReadOnlySpan<byte> value)
    {
        var field = Field(1 + value.Length);
        field[0] = 1;
        value.CopyTo(field[1..]);
    }

    /// <param name="word">32 bytes, big-endian.</param>
    /// <param name="signed">Two's complement.</param>
    public void Numeric(ReadOnlySpan<byte> word, bool signed)
    {
        Span<byte> numeric = stackalloc byte[PostgresNumeric.MaxBytes];
        Bytes(numeric[..PostgresNumeric.Write(word, signed, numeric)]);
    }

    /// <summary>The head of a one-dimensional array; its elements follow as fields.</summary>
    /// <returns>For <see cref="EndArray"/>.</returns>
    public int StartArray(int elementOid, int count)
    {
        var start = _length;
        RawInt32(0);
        RawInt32(count == 0 ? 0 : 1);
        RawInt32(0);
        RawInt32(elementOid);
        if (count > 0)
        {
            RawInt32(count);
            RawInt32(1);
        }
        return start;
    }

    public void EndArray(int start) => BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(start), _length - start - 4);

    private Span<byte> Field(int length)
    {
        RawInt32(length);
        return Take(length);
    }

    private void RawInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(4), value);

    private Span<byte> Take(int length)
    {
        if (_bytes.Length - _length < length)
            Grow(length);
        var taken = _bytes.AsSpan(_length, length);
        _length += length;
        return taken;
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_length + length), 2 * _bytes.Length));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
