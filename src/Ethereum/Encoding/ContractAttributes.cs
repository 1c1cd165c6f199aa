namespace Assay.Ethereum.Encoding;

/// <summary>
/// Makes a partial class the typed form of a contract. The generator (src/Ethereum.Generator) writes, from the JSON ABI of that file name among the
/// project's AdditionalFiles: a method for each function, a static method that encodes its call, a record for each struct and each function with several
/// results (in the class's namespace, partial, with its EIP-712 type), and records for events and errors (in the class's Events and Errors). A struct
/// that the ABI no longer has, or a changed argument, no longer compiles.
/// </summary>
/// <param name="file">File name, such as "Escrow.json".</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ContractAbiAttribute(string file) : Attribute
{
    public string File { get; } = file;
}

/// <summary>
/// Which C# type stands for something of the ABI: a Solidity type ("uint96"), an enumeration or user-defined type by its Solidity name ("State"), or every
/// value of one name ("nonce"). A wide integer may become Bytes32 or an <see cref="IAbiInteger{TSelf}"/>. Without it uintN and intN are the smallest C#
/// integer that holds them, BigInteger above 64 bits; an enumeration is the C# one of the same name in the class's namespace, else a byte.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class AbiTypeAttribute(string abi, Type type) : Attribute
{
    public string Abi { get; } = abi;
    public Type Type { get; } = type;
}

/// <summary>The name of the record that is made for a struct, or for a function's results; without it the struct's own, or the function's with "Result".</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class AbiNameAttribute(string abi, string name) : Attribute
{
    public string Abi { get; } = abi;
    public string Name { get; } = name;
}
