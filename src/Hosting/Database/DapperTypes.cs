using System.Data;
using System.Globalization;
using System.Numerics;
using Assay.Ethereum.Primitives;
using Dapper;

namespace Assay.Hosting.Database;

/// <summary>
/// How our values stand in PostgreSQL: addresses and hashes as bytea, integers wider than 63 bits as numeric.
/// A numeric wider than 96 bits is selected as <c>column::text</c>: the driver would read it as decimal.
/// </summary>
internal static class DapperTypes
{
    private static int _registered;

    public static void Register()
    {
        if (Interlocked.Exchange(ref _registered, 1) == 1)
            return;
        // Dapper looks at its own map of simple types first; without this the driver refuses unsigned parameters.
        SqlMapper.RemoveTypeMap(typeof(ulong));
        SqlMapper.RemoveTypeMap(typeof(ulong?));
        SqlMapper.RemoveTypeMap(typeof(uint));
        SqlMapper.RemoveTypeMap(typeof(uint?));
        SqlMapper.AddTypeHandler(new AddressHandler());
        SqlMapper.AddTypeHandler(new Bytes32Handler());
        SqlMapper.AddTypeHandler(new BigIntegerHandler());
        SqlMapper.AddTypeHandler(new Int128Handler());
        SqlMapper.AddTypeHandler(new UInt64Handler());
        SqlMapper.AddTypeHandler(new UInt32Handler());
    }

    private sealed class AddressHandler : SqlMapper.TypeHandler<Address>
    {
        public override Address Parse(object value) => new((byte[])value);
        public override void SetValue(IDbDataParameter parameter, Address value) => parameter.Value = value.ToArray();
    }

    private sealed class Bytes32Handler : SqlMapper.TypeHandler<Bytes32>
    {
        public override Bytes32 Parse(object value) => new((byte[])value);
        public override void SetValue(IDbDataParameter parameter, Bytes32 value) => parameter.Value = value.ToArray();
    }

    private sealed class BigIntegerHandler : SqlMapper.TypeHandler<BigInteger>
    {
        public override BigInteger Parse(object value) => Whole(value);
        public override void SetValue(IDbDataParameter parameter, BigInteger value) => parameter.Value = value;
    }

    private sealed class Int128Handler : SqlMapper.TypeHandler<Int128>
    {
        public override Int128 Parse(object value) => checked((Int128)Whole(value));
        public override void SetValue(IDbDataParameter parameter, Int128 value) => parameter.Value = (BigInteger)value;
    }

    private sealed class UInt64Handler : SqlMapper.TypeHandler<ulong>
    {
        public override ulong Parse(object value) => checked((ulong)Whole(value));
        public override void SetValue(IDbDataParameter parameter, ulong value) => parameter.Value = checked((long)value);
    }

    private sealed class UInt32Handler : SqlMapper.TypeHandler<uint>
    {
        public override uint Parse(object value) => checked((uint)Whole(value));
        public override void SetValue(IDbDataParameter parameter, uint value) => parameter.Value = (long)value;
    }

    private static BigInteger Whole(object value) => value switch
    {
        BigInteger whole => whole,
        long whole => whole,
        int whole => whole,
        short whole => whole,
        decimal number when decimal.Truncate(number) == number => new BigInteger(number),
        string text => BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        _ => throw new InvalidCastException($"Expected a whole number from the database, got {value} ({value.GetType().Name})."),
    };
}
