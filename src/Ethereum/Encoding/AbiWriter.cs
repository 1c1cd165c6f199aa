using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Assay.Ethereum.Encoding;

/// <summary>
/// Writes the canonical encoding front to back. A sequence of values begins with its heads (<see cref="Begin"/>), which are filled one by one; a dynamic
/// value puts its offset into its head and is appended (<see cref="Follow"/>). Pass it by reference and end with <see cref="Finish"/>.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public ref struct AbiWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private byte[] _buffer;
    private int _length;

    /// <param name="capacity">Bytes expected.</param>
    public AbiWriter(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, AbiWord.Size));

    /// <summary>What was written, starting with a function's or error's selector.</summary>
    public static AbiWriter WithSelector(uint selector, int headSize)
    {
        var writer = new AbiWriter(4 + headSize);
        BinaryPrimitives.WriteUInt32BigEndian(writer.Take(4), selector);
        return writer;
    }

    /// <summary>Reserves the heads of a sequence.</summary>
    /// <returns>Its frame: where the first head begins, and what offsets are counted from.</returns>
    public int Begin(int headSize)
    {
        var frame = _length;
        Take(headSize);
        return frame;
    }

    /// <summary>The value whose head lies at <paramref name="at"/> is appended next.</summary>
    public void Follow(int frame, int at) => AbiWord.WriteUInt(Word(at), (ulong)(_length - frame), 32);

    /// <summary>The 32 bytes of a head; every byte has to be written.</summary>
    public readonly Span<byte> Word(int at) => _buffer.AsSpan(at, AbiWord.Size);

    public void AppendLength(int length) => AbiWord.WriteUInt(Take(AbiWord.Size), (ulong)length, 32);

    /// <summary>Length, bytes and padding.</summary>
    public void AppendBytes(ReadOnlySpan<byte> bytes)
    {
        AppendLength(bytes.Length);
        var padded = Take((bytes.Length + 31) / 32 * 32);
        bytes.CopyTo(padded);
        padded[bytes.Length..].Clear();
    }

    /// <exception cref="AbiException">The text has an unpaired surrogate.</exception>
    public void AppendString(string text)
    {
        try
        {
            var length = StrictUtf8.GetByteCount(text);
            AppendLength(length);
            var padded = Take((length + 31) / 32 * 32);
            StrictUtf8.GetBytes(text, padded);
            padded[length..].Clear();
        }
        catch (EncoderFallbackException error)
        {
            throw new AbiException("ABI: the string has an unpaired surrogate.", error);
        }
    }

    /// <summary>The encoding; the writer must not be used afterwards.</summary>
    public byte[] Finish()
    {
        var result = _buffer.AsSpan(0, _length).ToArray();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        return result;
    }

    private Span<byte> Take(int size)
    {
        if (_buffer.Length - _length < size)
            Grow(size);
        _length += size;
        return _buffer.AsSpan(_length - size, size);
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_length + size), 2 * _buffer.Length));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
