using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Dapper;
using Npgsql;

namespace Assay.Settlement.Books;

/// <summary>A sub-account's balance on our ledger.</summary>
public sealed record BookBalance(Address Account, Book Book, Amount Balance);

/// <summary>Table <c>ledger</c>: the contract's own movements; every balance is their sum.</summary>
public static class Ledger
{
    private sealed record Row(Address Account, string Book, string Balance)
    {
        public BookBalance Read() => new(Account, Enum.Parse<Book>(Book), Amount.Parse(Balance));
    }

    /// <summary>A block that comes back after a reorg is announced again: the later announcement counts.</summary>
    public static Task AppendAsync(NpgsqlTransaction transaction, LedgerMoved moved) => transaction.Connection!.ExecuteAsync(
        """
        insert into ledger (block_hash, log_index, sequence, block_number, transaction_hash, job, account, book, reason, amount, balance)
        values (@BlockHash, @LogIndex, @Sequence, @BlockNumber, @TransactionHash, @Job, @Account, @Book, @Reason, @Amount, @Balance)
        on conflict (block_hash, log_index) do update set sequence = greatest(ledger.sequence, excluded.sequence)
        """,
        new
        {
            moved.At.BlockHash, moved.At.LogIndex, moved.At.Sequence, moved.At.BlockNumber, moved.At.TransactionHash, moved.Job, moved.Account,
            Book = moved.Book.ToString(), Reason = moved.Reason.ToString(), Amount = moved.Amount.ToBigInteger(), Balance = moved.Balance.ToBigInteger(),
        }, transaction);

    /// <summary>Balances after the last movement at or below <paramref name="block"/>.</summary>
    public static async Task<IReadOnlyList<BookBalance>> BalancesAsync(NpgsqlConnection connection, ulong block, Address? account = null)
    {
        var rows = await connection.QueryAsync<Row>(
            """
            select account as Account, book as Book, sum(amount)::text as Balance from live_ledger
            where block_number <= @block and (@account::bytea is null or account = @account)
            group by account, book order by account, book
            """, new { block, account = account?.ToArray() });
        return [.. rows.Select(r => r.Read())];
    }

    /// <summary>Whether money of the account has ever moved.</summary>
    public static Task<bool> KnowsAsync(Address account, NpgsqlTransaction transaction) => transaction.Connection!.ExecuteScalarAsync<bool>(
        "select exists (select from live_ledger where account = @account)", new { account }, transaction);

    /// <summary>What a client can still spend: available, less what its orders will take that have not been taken from it yet.</summary>
    /// <remarks>
    /// An order stops being counted with the very row that lowers the balance, so no order of arrival counts it twice or not at all.
    /// </remarks>
    public static async Task<Amount> SpendableAsync(Address client, NpgsqlTransaction transaction)
    {
        var text = await transaction.Connection!.ExecuteScalarAsync<string>(
            """
            select (coalesce((
                        select balance from live_ledger where account = @client and book = 'Available'
                        order by block_number desc, log_index desc limit 1), 0)
                  - coalesce((
                        select sum(reserve) from orders o where o.payer = @client and o.rejected is null and not exists (
                            select from live_ledger l where l.job = o.job and l.account = @client and l.book = 'Available' and l.reason = 'Reservation')), 0))::text
            """, new { client }, transaction);
        return Amount.Parse(text!);
    }
}
