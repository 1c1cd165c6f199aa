using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Indexer.Sync;

namespace Assay.Indexer.Sources;

/// <summary>Turns the logs of an answer into rows, each checked against its block's header.</summary>
internal sealed class LogDecoder : IDisposable
{
    // Which tables a contract's logs go to, by its place among the contracts; the number of a contract's first table is kept beside.
    private readonly (int First, EventTable[] Tables)[] _contracts;
    private readonly Dictionary<Address, (int Contract, long Since)> _contractOf = [];
    private readonly List<(EventTable Table, string Field, int Child)> _births = [];
    private readonly bool _asksByAddress;
    private byte[] _data = new byte[1 << 10];
    private bool _learning;
    private readonly CopyBuffer _scratch = new();

    public LogDecoder(SourceDefinition definition)
    {
        _asksByAddress = definition.Contracts.All(contract => contract.Factory is null);
        var first = 0;
        _contracts = [.. definition.Contracts.Select(contract => (First: (first += contract.Tables.Count) - contract.Tables.Count, Tables: contract.Tables.ToArray()))];
        for (var contract = 0; contract < definition.Contracts.Count; contract++)
            foreach (var address in definition.Contracts[contract].Addresses)
                _contractOf[address] = (contract, 0);
        foreach (var (child, contract) in definition.Contracts.Index())
            if (contract.Factory is { } factory)
                _births.Add((definition.FactoryTable(factory), factory.Field, child));
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>Contracts that a factory had announced before reading began.</summary>
    public void Know(int contract, IEnumerable<(Address Address, long Since)> born)
    {
        foreach (var (address, since) in born)
            _contractOf.TryAdd(address, (contract, since));
    }

    /// <summary>Contracts announced by these logs have to be known before their rows are written: a constructor's events come before the factory's.</summary>
    public bool LearnsFirst => _births.Count > 0;

    /// <summary>Reads an array of logs of the page's blocks, in the order of the chain.</summary>
    /// <exception cref="ChainInconsistentException">A log does not fit its block, comes twice, out of order, or was not asked for.</exception>
    /// <param name="learning">Only takes note of the contracts that are announced.</param>
    public void Read(ref Utf8JsonReader reader, Page page, bool learning = false)
    {
        _learning = learning;
        AnswerReader.Expect(reader.TokenType == JsonTokenType.StartArray, "an array of logs");
        var (block, lastIndex) = learning ? (0, -1) : page.Last;
        var count = 0;
        for (; reader.Read() && reader.TokenType == JsonTokenType.StartObject; count++)
            ReadLog(ref reader, page, ref block, ref lastIndex);
        if (learning)
            return;
        page.Logs += count;
        page.Last = (block, lastIndex);
    }

    private void ReadLog(ref Utf8JsonReader reader, Page page, ref int block, ref int lastIndex)
    {
        Span<byte> address = stackalloc byte[20], topics = stackalloc byte[128], blockHash = stackalloc byte[32], transactionHash = stackalloc byte[32];
        var (topicCount, dataLength, number, index, seen) = (0, 0, 0L, 0L, 0);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.ValueSpan;
            var bit = FieldOf(field);
            reader.Read();
            switch (bit)
            {
                case Fields.Address: AnswerReader.Data(ref reader, address); break;
                case Fields.Topics: topicCount = ReadTopics(ref reader, topics); break;
                case Fields.Data: dataLength = AnswerReader.Data(ref reader, ref _data); break;
                case Fields.BlockNumber: number = AnswerReader.Quantity(ref reader); break;
                case Fields.BlockHash: AnswerReader.Data(ref reader, blockHash); break;
                case Fields.TransactionHash: AnswerReader.Data(ref reader, transactionHash); break;
                case Fields.LogIndex: index = AnswerReader.Quantity(ref reader); break;
                case Fields.Removed when reader.TokenType == JsonTokenType.True: throw Wrong(index, number, "was taken back by the node");
                default: reader.Skip(); break;
            }
            seen |= (int)bit;
        }
        AnswerReader.Expect((seen & (int)Fields.All) == (int)Fields.All, "a log with all its fields");
        Place(page, number, index, blockHash, ref block, ref lastIndex);
        Write(page, block, new LogView
        {
            Address = address, Topics = topics[..(32 * topicCount)], Data = _data.AsSpan(0, dataLength), TransactionHash = transactionHash, BlockNumber = number, LogIndex = (int)index,
        });
    }

    private static void Place(Page page, long number, long index, ReadOnlySpan<byte> hash, ref int block, ref int lastIndex)
    {
        var before = block;
        block = (int)Math.Clamp(number - page.Blocks[0].Number, 0, page.Blocks.Count - 1);
        var head = page.Blocks[block];
        if (head.Number != number || head.Hash != new Bytes32(hash))
            throw Wrong(index, number, $"names block {number} {new Bytes32(hash)}, which is not the header's");
        if (index > int.MaxValue || block < before || (block == before && index <= lastIndex))
            throw Wrong(index, number, "is out of order or comes twice");
        lastIndex = (int)index;
    }

    private void Write(Page page, int block, in LogView log)
    {
        if (!_contractOf.TryGetValue(new Address(log.Address), out var known) || log.BlockNumber < known.Since)
        {
            // Contracts that a factory makes are asked for by their events alone, so others answer too.
            if (_asksByAddress)
                throw Wrong(log.LogIndex, log.BlockNumber, $"of {new Address(log.Address)} was not asked for");
            return;
        }
        var (first, tables) = _contracts[known.Contract];
        for (var i = 0; i < tables.Length; i++)
            if (log.Topics.Length >= 32 && tables[i].TopicBytes.SequenceEqual(log.Topics[..32]))
            {
                if (_learning)
                {
                    Announce(tables[i], log);
                    return;
                }
                page.Found(block, first + i);
                if (!tables[i].TryWrite(log, page.RowsOf(first + i)))
                    WriteUnreadable(page, tables[i], log);
                return;
            }
    }

    /// <summary>Whether the contract's logs of that block are indexed.</summary>
    public bool IsKnown(Address contract, long block, int table) =>
        _contractOf.TryGetValue(contract, out var known) && block >= known.Since && _contracts[known.Contract] is var (first, tables) && table >= first && table < first + tables.Length;

    private void Announce(EventTable table, in LogView log)
    {
        foreach (var (announcing, field, child) in _births)
            if (announcing == table && table.TryWrite(log, _scratch))
            {
                _scratch.Reset(default);
                Know(child, [(table.AddressIn(field, log), log.BlockNumber)]);
            }
    }

    private static void WriteUnreadable(Page page, EventTable table, in LogView log)
    {
        var rows = page.UnreadableRows();
        rows.StartRow(7);
        rows.Int64(log.BlockNumber);
        rows.Int32(log.LogIndex);
        rows.Bytes(log.TransactionHash);
        rows.Bytes(log.Address);
        rows.Bytes(System.Text.Encoding.UTF8.GetBytes(table.Name));
        rows.Bytes(log.Topics);
        rows.Bytes(log.Data);
    }

    private static int ReadTopics(ref Utf8JsonReader reader, scoped Span<byte> topics)
    {
        AnswerReader.Expect(reader.TokenType == JsonTokenType.StartArray, "an array of topics");
        var count = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            AnswerReader.Expect(count < 4, "at most 4 topics");
            AnswerReader.Data(ref reader, topics.Slice(32 * count, 32));
        }
        return count;
    }

    [Flags]
    private enum Fields
    {
        None = 0, Address = 1, Topics = 2, Data = 4, BlockNumber = 8, BlockHash = 16, TransactionHash = 32, LogIndex = 64, Removed = 128,
        All = Address | Topics | Data | BlockNumber | BlockHash | TransactionHash | LogIndex,
    }

    // The length tells nearly all of them apart.
    private static Fields FieldOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 when name.SequenceEqual("data"u8) => Fields.Data,
        6 when name.SequenceEqual("topics"u8) => Fields.Topics,
        7 when name.SequenceEqual("address"u8) => Fields.Address,
        7 when name.SequenceEqual("removed"u8) => Fields.Removed,
        8 when name.SequenceEqual("logIndex"u8) => Fields.LogIndex,
        9 when name.SequenceEqual("blockHash"u8) => Fields.BlockHash,
        11 when name.SequenceEqual("blockNumber"u8) => Fields.BlockNumber,
        15 when name.SequenceEqual("transactionHash"u8) => Fields.TransactionHash,
        _ => Fields.None,
    };

    private static ChainInconsistentException Wrong(long index, long block, string what) => new($"Log {index} of block {block} {what}.");
}
