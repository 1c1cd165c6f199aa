using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Chain;

/// <summary>What is compared and what is committed to.</summary>
public static class Values
{
    /// <summary>The compared value: keccak256(abi.encode(outputsRoot, units)).</summary>
    public static Bytes32 Value(Bytes32 outputsRoot, ulong units) => Words.Hash(outputsRoot, Words.Of(units));

    /// <summary>keccak256(abi.encode(salt, value)): hides the value until it is opened.</summary>
    public static Bytes32 Commitment(Bytes32 salt, Bytes32 value) => Words.Hash(salt, value);

    public static Bytes32 Commitment(Opening opening) =>
        Commitment(opening.Salt, Value(opening.OutputsRoot, opening.Units));

    /// <summary>What a seat commits to: keccak256(abi.encode(job, round, seat, salt, value)), so that nobody else's words open it.</summary>
    public static Bytes32 Seal(Bytes32 job, byte round, byte seat, Bytes32 salt, Bytes32 value) =>
        Words.Hash(job, Words.Of(round), Words.Of(seat), salt, value);

    public static Bytes32 Seal(Attestation attestation) =>
        Seal(attestation.Job, attestation.Round, attestation.Seat, attestation.Salt, attestation.Value);

    /// <summary>min(maxPrice, units * unitPrice), as the contract pays.</summary>
    public static Amount Price(ulong units, Amount unitPrice, Amount maxPrice) =>
        unitPrice.IsZero || units <= (UInt128)(maxPrice.Units / unitPrice.Units) ? unitPrice * units : maxPrice;
}
