using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Assay.Ethereum.Encoding;

namespace Assay.Protocol.Chain;

/// <summary>
/// Money: a whole number of the token's smallest unit; negative only as a movement. Written as a decimal string in JSON.
/// Arithmetic is checked and throws <see cref="OverflowException"/>.
/// </summary>
[JsonConverter(typeof(AmountJsonConverter))]
public readonly record struct Amount(Int128 Units) : IComparable<Amount>, IAbiInteger<Amount>
{
    public static readonly Amount Zero = default;

    public bool IsZero => Units == 0;

    public static Amount From(BigInteger value) => new(checked((Int128)value));

    public BigInteger ToBigInteger() => Units;

    /// <summary>Reads an optional minus sign and decimal digits, nothing else.</summary>
    /// <exception cref="FormatException">The text is not a whole number within 127 bits.</exception>
    public static Amount Parse(string text) =>
        Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var units) && !text.StartsWith('+')
            ? new(units)
            : throw new FormatException($"Expected a whole number of token units, got '{text}'.");

    public static Amount Sum(IEnumerable<Amount> amounts) => amounts.Aggregate(Zero, (sum, next) => sum + next);

    public static Amount Min(Amount a, Amount b) => a < b ? a : b;

    public static Amount operator +(Amount a, Amount b) => new(checked(a.Units + b.Units));
    public static Amount operator -(Amount a, Amount b) => new(checked(a.Units - b.Units));
    public static Amount operator -(Amount a) => new(checked(-a.Units));
    public static Amount operator *(Amount a, Int128 factor) => new(checked(a.Units * factor));
    public static bool operator <(Amount a, Amount b) => a.Units < b.Units;
    public static bool operator >(Amount a, Amount b) => a.Units > b.Units;
    public static bool operator <=(Amount a, Amount b) => a.Units <= b.Units;
    public static bool operator >=(Amount a, Amount b) => a.Units >= b.Units;
    public static implicit operator Amount(long units) => new(units);

    public int CompareTo(Amount other) => Units.CompareTo(other.Units);

    public override string ToString() => Units.ToString(CultureInfo.InvariantCulture);
}

internal sealed class AmountJsonConverter : JsonConverter<Amount>
{
    public override Amount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException("An amount is written as a string of decimal digits.");
        try
        {
            return Amount.Parse(reader.GetString()!);
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message);
        }
    }

    public override void Write(Utf8JsonWriter writer, Amount value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
