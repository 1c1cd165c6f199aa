using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Transactions;
using Npgsql;

namespace Assay.Settlement.Submission;

/// <summary>The rows that want transactions. They change together with the transaction that carries them.</summary>
public interface IIntents<in TIntent> where TIntent : Intent
{
    /// <summary>Marks the intent's rows as carried by a transaction that is about to be stored.</summary>
    /// <returns>False where one of them is no longer wanted: then nothing is stored.</returns>
    Task<bool> BindAsync(NpgsqlTransaction transaction, long id, TIntent intent);

    /// <summary>Ends the rows of a transaction that has ended for good; called once.</summary>
    /// <param name="receipt">Null for a foreign end.</param>
    Task EndAsync(NpgsqlTransaction transaction, long id, Ending ending, Receipt? receipt);
}
