using Assay.Circle.Network;
using Assay.Protocol.Chain;

namespace Assay.Circle.Demo;

/// <summary>Conservation at one final block: the contract against the token, and the indexer's rebuilt books against the contract.</summary>
public sealed class BookCheck(RunningCircle circle)
{
    public async Task<Conservation> RunAsync(CancellationToken cancellation)
    {
        var block = await circle.Auditor.FinalisedAsync(cancellation);
        var (held, owed) = await circle.Ledger.ConservationAsync(block);
        return new Conservation(held == owed, await DatabaseAgreesAsync(block, cancellation));
    }

    private async Task<bool> DatabaseAgreesAsync(ulong block, CancellationToken cancellation)
    {
        if (!await circle.Auditor.ReconcilesAsync(block, cancellation)) return false;
        var ledger = circle.Ledger;
        foreach (var holder in ledger.Holders())
        {
            var (chain, database) = (await ledger.BooksOfAsync(holder, block), await circle.Auditor.BooksAsync(holder, block, cancellation));
            if (chain.Amounts.Any(book => database.GetValueOrDefault(book.Key) != book.Value)) return false;
        }
        return true;
    }
}
