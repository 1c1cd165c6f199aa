using System.Buffers.Binary;
using System.Numerics;
using Assay.Ethereum.Crypto;

namespace Assay.Ethereum.Encoding;

internal static class AbiSignature
{
    internal static string Of(string name, IReadOnlyList<AbiParameter> inputs) => $"{name}({string.Join(',', inputs.Select(i => i.Type.Name))})";

    internal static uint Selector(string signature)
    {
        Span<byte> hash = stackalloc byte[32];
        Keccak256.Hash(System.Text.Encoding.UTF8.GetBytes(signature), hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    internal static bool TryReadSelector(ReadOnlySpan<byte> data, out uint selector) => BinaryPrimitives.TryReadUInt32BigEndian(data, out selector);

    // Codes of the Solidity documentation, "Panic via assert and Error via require".
    internal static string PanicMeaning(BigInteger code) => code <= 0xff ? (int)code switch
    {
        0x00 => "generic (0x00)",
        0x01 => "assertion failed (0x01)",
        0x11 => "arithmetic overflow or underflow (0x11)",
        0x12 => "division or modulo by zero (0x12)",
        0x21 => "value out of range of its enum (0x21)",
        0x22 => "malformed storage byte array (0x22)",
        0x31 => "pop of an empty array (0x31)",
        0x32 => "array index out of bounds (0x32)",
        0x41 => "out of memory (0x41)",
        0x51 => "call of an uninitialised function (0x51)",
        var other => $"code 0x{other:x2}",
    } : $"code {code}";
}
