using Assay.Hosting.Database;
using Npgsql;

namespace Assay.Verifier;

public sealed class VerifierDatabase(NpgsqlDataSource source) : ServiceDatabase(source, SchemaName)
{
    public const string SchemaName = "verifier";

    public VerifierDatabase(string connectionString) : this(CreateSource(connectionString, SchemaName))
    {
    }
}
