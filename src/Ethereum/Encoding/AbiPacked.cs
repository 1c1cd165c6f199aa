using System.Buffers;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>
/// Solidity's <c>abi.encodePacked</c>: values in as many bytes as their types have, elements of arrays in whole words, no lengths. Two lists of values may
/// have one encoding, so that nothing can be decoded and a hash of several dynamic values binds to none of them.
/// </summary>
public static class AbiPacked
{
    /// <exception cref="AbiException">A value does not fit, or a type has no packed form: tuples, and arrays of bytes or strings.</exception>
    public static byte[] Encode(IReadOnlyList<AbiType> types, params object?[] values)
    {
        if (types.Count != values.Length)
            throw new AbiException($"ABI: expected {types.Count} values, actual {values.Length}.");
        var output = new ArrayBufferWriter<byte>(64);
        for (var i = 0; i < types.Count; i++)
            Write(output, types[i], AbiBinder.ToAbi(types[i], values[i], $"packed[{i}]"));
        return output.WrittenSpan.ToArray();
    }

    /// <summary>keccak256 of <see cref="Encode"/>.</summary>
    public static Bytes32 Hash(IReadOnlyList<AbiType> types, params object?[] values) => Keccak256.Hash(Encode(types, values));

    /// <summary>
    /// What the topic of an indexed value of a dynamic type is the hash of: the values in place one after the other, without lengths or offsets, each
    /// padded to whole words unless it stands alone.
    /// </summary>
    internal static byte[] InPlace(AbiType type, object value)
    {
        var output = new ArrayBufferWriter<byte>(64);
        WriteInPlace(output, type, value, padded: false);
        return output.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> output, AbiType type, object value)
    {
        switch (type.Kind)
        {
            case AbiKind.Bytes:
                output.Write((byte[])value);
                break;
            case AbiKind.String:
                output.Write(AbiCodec.Utf8((string)value));
                break;
            case AbiKind.Array when IsOfWords(type.Element!):
                WriteInPlace(output, type, value, padded: true);
                break;
            case AbiKind.Array or AbiKind.Tuple:
                throw new AbiException($"ABI: {type.Name} has no packed form.");
            default:
                Span<byte> word = stackalloc byte[32];
                AbiCodec.WriteWord(word, type, value);
                output.Write(Significant(type, word));
                break;
        }
    }

    private static bool IsOfWords(AbiType type) => type.Kind switch
    {
        AbiKind.Array => IsOfWords(type.Element!),
        AbiKind.Tuple or AbiKind.Bytes or AbiKind.String => false,
        _ => true,
    };

    private static ReadOnlySpan<byte> Significant(AbiType type, ReadOnlySpan<byte> word) => type.Kind switch
    {
        AbiKind.FixedBytes => word[..type.Size],
        AbiKind.Address => word[12..],
        AbiKind.Bool => word[31..],
        _ => word[(32 - type.Size / 8)..],
    };

    private static void WriteInPlace(ArrayBufferWriter<byte> output, AbiType type, object value, bool padded)
    {
        switch (type.Kind)
        {
            case AbiKind.Bytes:
                WriteBytes(output, (byte[])value, padded);
                break;
            case AbiKind.String:
                WriteBytes(output, AbiCodec.Utf8((string)value), padded);
                break;
            case AbiKind.Array:
                foreach (var item in (object[])value) WriteInPlace(output, type.Element!, item, padded: true);
                break;
            case AbiKind.Tuple:
                foreach (var (component, item) in type.Components.Zip((AbiValues)value)) WriteInPlace(output, component.Type, item, padded: true);
                break;
            default:
                AbiCodec.WriteWord(output.GetSpan(32)[..32], type, value);
                output.Advance(32);
                break;
        }
    }

    private static void WriteBytes(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes, bool padded)
    {
        output.Write(bytes);
        if (!padded) return;
        Span<byte> padding = stackalloc byte[32];
        padding.Clear();
        output.Write(padding[..((32 - bytes.Length % 32) % 32)]);
    }
}
