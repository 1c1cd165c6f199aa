using System.Text;

namespace Assay.Indexer.Sources;

/// <summary>The tables of a source, generated from its ABIs, and the views through which they are read.</summary>
internal static class SourceSchema
{
    public static string Create(SourceDefinition definition)
    {
        var schema = definition.Schema;
        var sql = new StringBuilder(
            $"""
            create schema if not exists {schema};
            create table if not exists {schema}.source (
                only_row boolean primary key default true check (only_row), digest text not null, chain_id bigint not null, start_block bigint not null,
                indexed_number bigint, indexed_hash bytea, indexed_time bigint, finalised_number bigint not null default 0,
                retractions bigint not null default 0, writer uuid);
            insert into {schema}.source (digest, chain_id, start_block) values ('{definition.Digest}', {definition.ChainId}, {definition.StartBlock}) on conflict do nothing;
            create table if not exists {schema}.blocks (number bigint primary key, hash bytea not null, parent_hash bytea not null, time bigint not null);
            create table if not exists {schema}.unreadable_logs (
                {EventTable.Place}, table_name text not null, topics bytea not null, data bytea not null, primary key (block_number, log_index));
            create table if not exists {schema}.orphaned_blocks (
                retraction bigint not null, number bigint not null, hash bytea not null, parent_hash bytea not null, time bigint not null, primary key (retraction, number));
            create table if not exists {schema}.orphaned_rows (
                retraction bigint not null, table_name text not null, block_hash bytea not null, block_number bigint not null, log_index integer not null,
                content jsonb not null, primary key (retraction, block_number, log_index));

            """);
        foreach (var table in definition.Tables)
            sql.AppendLine($"create table if not exists {schema}.{table.Name} ({EventTable.Place}{table.Definition}, primary key (block_number, log_index));");
        return sql.ToString();
    }

    /// <summary>The indexes asked for, and the views of the source's name over this version.</summary>
    public static string Show(SourceDefinition definition)
    {
        var (schema, views) = (definition.Schema, definition.Name);
        var sql = new StringBuilder();
        foreach (var contract in definition.Contracts)
            foreach (var (table, column) in contract.IndexedColumns)
                sql.AppendLine($"create index if not exists {IndexName(table.Name, column)} on {schema}.{table.Name} (\"{column}\", block_number, log_index);");
        // A version before may have had other tables.
        sql.AppendLine(
            $"""
            create schema if not exists {views};
            do $$ declare old record; begin
                for old in select viewname from pg_views where schemaname = '{views}' loop execute format('drop view {views}.%I', old.viewname); end loop;
            end $$;
            create view {views}.source as select digest, chain_id, start_block, indexed_number, indexed_hash, indexed_time, finalised_number from {schema}.source;
            create view {views}.blocks as select * from {schema}.blocks;
            create view {views}.orphaned_blocks as select * from {schema}.orphaned_blocks;
            create view {views}.orphaned_rows as select * from {schema}.orphaned_rows;
            create view {views}.unreadable_logs as select * from {schema}.unreadable_logs;
            """);
        foreach (var table in definition.Tables)
            sql.AppendLine(
                $"""
                create view {views}.{table.Name} as
                select t.*, b.hash as block_hash, b.time as block_time, t.block_number <= s.finalised_number as final
                from {schema}.{table.Name} t join {schema}.blocks b on b.number = t.block_number cross join {schema}.source s;
                """);
        return sql.ToString();
    }

    // PostgreSQL cuts longer names, and two that are cut alike would be one.
    private static string IndexName(string table, string column)
    {
        var name = $"{table}_{column}";
        return name.Length <= 63 ? name : $"{name[..54]}_{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8]}";
    }
}
