namespace Assay.Indexer.Sync;

/// <summary>The node's answers contradict each other or themselves: look again later, store nothing.</summary>
public sealed class ChainInconsistentException(string message) : Exception(message);

/// <summary>The chain left out a block that counted as final. Somebody must look; nothing is rewritten.</summary>
public sealed class FinalityBrokenException(ulong finalised, ulong fork) : Exception(
    $"The chain gave up block {finalised}, which counted as final; the last common block is {fork}. Indexing stops. "
    + $"If the new chain is the right one, run the command accept-reorg --From={fork} and the running instance goes on.")
{
    public ulong Fork { get; } = fork;
}

/// <summary>Another instance has become the writer.</summary>
public sealed class NotTheWriterException() : Exception("Another instance has become the writer.");
