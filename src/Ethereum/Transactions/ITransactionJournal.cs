using System.Numerics;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Transactions;

/// <summary>
/// What a key on a chain has promised, in storage that survives the process. Every method is one atomic, durable change: the rows are the only truth
/// about nonces, and whatever is broadcast was stored before. Of several processes with one key only the one that leads may write attempts.
/// </summary>
public interface ITransactionJournal<in TIntent> where TIntent : Intent
{
    /// <summary>
    /// Under a lock of the key: derives the nonce by <see cref="Nonces.Next"/>, has it signed, and stores the intent with its first attempt.
    /// </summary>
    /// <param name="intent">Its key is unique in the journal for all time.</param>
    /// <param name="gas">Gas limit.</param>
    /// <param name="chainCount">The key's count of mined transactions.</param>
    /// <param name="sign">The first attempt for a nonce.</param>
    /// <returns>The stored one where the intent is under way already; null where it has ended or was withdrawn.</returns>
    /// <exception cref="IntentConflictException">The key stands for another call.</exception>
    /// <exception cref="NonceConflictException">The chain knows nonces that the rows do not.</exception>
    Task<PendingTransaction?> AppendAsync(TIntent intent, ulong gas, ulong chainCount, Func<ulong, Task<Attempt>> sign, CancellationToken cancellation = default);

    /// <summary>Stores another form of a nonce.</summary>
    Task AddAttemptAsync(long id, Attempt attempt, CancellationToken cancellation = default);

    /// <summary>Everything that is not settled, lowest nonce first.</summary>
    Task<IReadOnlyList<PendingTransaction>> PendingAsync(CancellationToken cancellation = default);

    /// <summary>Notes a broadcast and its time.</summary>
    /// <param name="answer">The node's refusal, or null.</param>
    Task SentAsync(Bytes32 hash, string? answer, CancellationToken cancellation = default);

    /// <summary>Notes what the chain shows now; a later look may take it back.</summary>
    /// <param name="receipt">Null when no attempt is mined.</param>
    Task SeenAsync(long id, Receipt? receipt, CancellationToken cancellation = default);

    /// <summary>Ends a nonce together with the intent that it carried, and tells whoever waits for it. A second call changes nothing.</summary>
    /// <param name="receipt">Of the attempt that was mined; null for a foreign end.</param>
    Task SettleAsync(long id, Ending ending, Receipt? receipt, CancellationToken cancellation = default);

    /// <summary>Fees of the transactions begun within the time before now, wei: what was paid for those that ended, the most that may be paid for the others.</summary>
    Task<BigInteger> SpentAsync(TimeSpan within, CancellationToken cancellation = default);
}
