namespace Assay.Indexer.Projections;

/// <summary>The books that movements tell. What clients have reserved follows from their jobs.</summary>
internal static class BalancesSql
{
    public const string Given = "unnest(@Accounts)";
    public const string All = "(select distinct m.account from ledger_moved m)";

    /// <param name="accounts"><see cref="Given"/> or <see cref="All"/>.</param>
    public static string Refresh(string accounts) =>
        $"""
        delete from balances where account in (select account from {accounts} touched(account));

        insert into balances (account, book, balance, block_number, log_index)
        {Rows(accounts)};
        """;

    /// <summary>The rows of <c>balances</c> in the order of its columns, where <c>live</c> is another view of the events.</summary>
    public static string Past => Rows(All);

    private static string Rows(string accounts) =>
        $"""
        select touched.account, books.book, last.balance, last.block_number, last.log_index
        from {accounts} touched(account)
        cross join (values ('Available'), ('Bond'), ('Locked'), ('Earned'), ('CheckPool'), ('InsurancePool')) books(book)
        -- One step into the index for each book, however long the account's history is.
        cross join lateral (
            select m.balance, m.block_number, m.log_index from ledger_moved m join live using (sequence)
            where m.account = touched.account and m.book = books.book
            order by m.block_number desc, m.log_index desc limit 1) last
        """;
}
