using System.Data;
using System.Globalization;
using System.Numerics;
using Assay.Protocol.Chain;
using Dapper;

namespace Assay.Indexer;

/// <summary>Amounts stand as numeric; they are selected as text, because the driver would read a numeric as decimal.</summary>
internal sealed class AmountHandler : SqlMapper.TypeHandler<Amount>
{
    public static void Register() => SqlMapper.AddTypeHandler(new AmountHandler());

    public override Amount Parse(object value) => value is string text
        ? Amount.From(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
        : throw new InvalidCastException($"An amount must be selected as text, got {value.GetType().Name}.");

    public override void SetValue(IDbDataParameter parameter, Amount value) => parameter.Value = value.ToBigInteger();
}
