using System.Numerics;
using Assay.Ethereum.Encoding;

namespace Assay.Protocol.Chain;

/// <summary>The two words in which the contract packs a job's numbers, from the low end; contracts/libraries/Words.sol reads and writes the same.</summary>
public static class RecordWords
{
    public static readonly IReadOnlyList<(string Name, int Bits)> Terms =
        [("unitPrice", 96), ("maxPrice", 96), ("runWindow", 32), ("ratePpm", 24), ("comparison", 7), ("bound", 1)];

    public static readonly IReadOnlyList<(string Name, int Bits)> Course =
        [("fee", 96), ("openedAt", 40), ("submittedAt", 40), ("epoch", 40), ("rosterLength", 24), ("version", 16)];

    /// <exception cref="AbiException">A number does not fit its part.</exception>
    public static BigInteger Pack(IReadOnlyList<(string Name, int Bits)> layout, params ReadOnlySpan<BigInteger> numbers)
    {
        var word = BigInteger.Zero;
        for (var i = layout.Count - 1; i >= 0; i--)
        {
            var (name, bits) = layout[i];
            if (numbers[i].Sign < 0 || numbers[i].GetBitLength() > bits) throw new AbiException($"{name}: {numbers[i]} does not fit {bits} bits.");
            word = (word << bits) + numbers[i];
        }
        return word;
    }

    public static IEnumerable<(string Name, object Value)> Unpack(IReadOnlyList<(string Name, int Bits)> layout, BigInteger word)
    {
        foreach (var (name, bits) in layout)
        {
            var number = word & (BigInteger.One << bits) - 1;
            yield return (name, bits == 1 ? !number.IsZero : number);
            word >>= bits;
        }
    }

    /// <summary>One of the numbers in the words that an event carries.</summary>
    public static BigInteger Number(AbiValues values, string name) => (BigInteger)In(values).Single(number => number.Name == name).Value;

    /// <summary>The numbers in those words that an event carries.</summary>
    public static IEnumerable<(string Name, object Value)> In(AbiValues values) =>
        new[] { ("terms", Terms), ("course", Course) }
            .SelectMany(word => values.TryGet(word.Item1, out var packed) ? Unpack(word.Item2, (BigInteger)packed) : []);
}
