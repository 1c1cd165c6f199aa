using System.Buffers.Binary;
using System.Numerics;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

/// <summary>keccak256(abi.encode(...)) over static 32-byte words, as the contract computes it.</summary>
public static class Words
{
    public static Bytes32 Hash(params ReadOnlySpan<Bytes32> words)
    {
        var bytes = new byte[words.Length * Bytes32.Size];
        for (var i = 0; i < words.Length; i++) words[i].CopyTo(bytes.AsSpan(i * Bytes32.Size));
        return Keccak256.Hash(bytes);
    }

    public static Bytes32 Of(ulong number)
    {
        Span<byte> word = stackalloc byte[Bytes32.Size];
        word.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(word[24..], number);
        return new Bytes32(word);
    }

    public static Bytes32 Of(Address address)
    {
        Span<byte> word = stackalloc byte[Bytes32.Size];
        word.Clear();
        address.CopyTo(word[12..]);
        return new Bytes32(word);
    }

    public static BigInteger ToNumber(Bytes32 word) => new(word.ToArray(), isUnsigned: true, isBigEndian: true);
}
