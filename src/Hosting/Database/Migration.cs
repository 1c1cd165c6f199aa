using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Dapper;
using Npgsql;

namespace Assay.Hosting.Database;

internal sealed partial class Migration(ServiceDatabase database)
{
    private sealed record Script(string Source, int Number, string Name, string Text)
    {
        public string Digest => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        // Held for the session, not the transaction: each script commits by itself while other instances wait.
        await connection.ExecuteAsync("select pg_advisory_lock(hashtext('assay-migration'), hashtext(@Schema))", new { database.Schema });
        try
        {
            await CreateSchemaAsync(connection);
            foreach (var script in Scripts(typeof(Migration).Assembly).Concat(Scripts(database.GetType().Assembly)))
                await ApplyAsync(connection, script, cancellation);
        }
        finally
        {
            await connection.ExecuteAsync("select pg_advisory_unlock(hashtext('assay-migration'), hashtext(@Schema))", new { database.Schema });
        }
    }

    private async Task CreateSchemaAsync(NpgsqlConnection connection)
    {
        // A role that owns its schema but may not create others gets through.
        if (!await connection.ExecuteScalarAsync<bool>("select exists (select from pg_namespace where nspname = @Schema)", new { database.Schema }))
            await connection.ExecuteAsync($"create schema {Quote(database.Schema)}");
        await connection.ExecuteAsync(
            """
            create table if not exists schema_version (
                source text not null, number int not null, name text not null, digest text not null,
                applied_at timestamptz not null default now(), primary key (source, number))
            """);
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Script script, CancellationToken cancellation)
    {
        var applied = await connection.ExecuteScalarAsync<string>(
            "select digest from schema_version where source = @Source and number = @Number", script);
        if (applied == script.Digest)
            return;
        if (applied is not null)
            throw new StartRefusedException(
                $"Migration {script.Source} {script.Number:000}_{script.Name} was changed after it had been applied; add a new script instead.");
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync(script.Text, transaction: transaction);
        await connection.ExecuteAsync(
            "insert into schema_version (source, number, name, digest) values (@Source, @Number, @Name, @Digest)", script, transaction);
        await transaction.CommitAsync(cancellation);
    }

    private static IReadOnlyList<Script> Scripts(Assembly assembly)
    {
        var source = assembly.GetName().Name!;
        var scripts = assembly.GetManifestResourceNames()
            .Select(resource => (resource, match: ScriptName().Match(resource)))
            .Where(x => x.match.Success)
            .Select(x => new Script(source, int.Parse(x.match.Groups[1].Value), x.match.Groups[2].Value, Read(assembly, x.resource)))
            .OrderBy(script => script.Number)
            .ToList();
        var clash = scripts.GroupBy(script => script.Number).FirstOrDefault(group => group.Count() > 1);
        return clash is null
            ? scripts
            : throw new StartRefusedException($"{source} has two migrations with number {clash.Key}.");
    }

    private static string Read(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    internal static string Quote(string identifier) => '"' + identifier.Replace("\"", "\"\"") + '"';

    [GeneratedRegex(@"\.Sql\.(\d{3})_(\w+)\.sql$")]
    private static partial Regex ScriptName();
}
