using Assay.Hosting.Database;

namespace Assay.Settlement;

/// <summary>The schema <c>settlement</c>.</summary>
public sealed class SettlementDatabase(string connectionString)
    : ServiceDatabase(CreateSource(connectionString, "settlement"), "settlement");
