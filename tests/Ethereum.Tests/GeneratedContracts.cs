using Assay.Ethereum.Encoding;

namespace Assay.Ethereum.Tests.Generated;

[ContractAbi("Probe.json")]
public sealed partial class Probe;

/// <summary>Every shape of value that an ABI can have, and one name of everything that C# keeps for itself.</summary>
[ContractAbi("Shapes.json"), AbiType("uint128", typeof(Tally)), AbiType("Colour", typeof(Colour)), AbiType("nonce", typeof(Primitives.Bytes32)), AbiName("both", "Pair")]
public sealed partial class Shapes;

public enum Colour : byte { None, Red, Green }

public readonly record struct Tally(ulong Units) : IAbiInteger<Tally>
{
    public static Tally From(System.Numerics.BigInteger value) => new(checked((ulong)value));

    public System.Numerics.BigInteger ToBigInteger() => Units;
}
