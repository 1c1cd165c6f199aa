using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;

namespace Assay.Ethereum.Encoding;

/// <summary>An event's record, as the generator makes it.</summary>
public interface IContractEvent<TSelf> where TSelf : IContractEvent<TSelf>
{
    /// <summary>Topic 0.</summary>
    static abstract Bytes32 Topic { get; }

    /// <summary>Topics of a log of this event, topic 0 included.</summary>
    static abstract int TopicCount { get; }

    /// <param name="topics">The log's topics, 32 bytes each.</param>
    /// <param name="data">The log's data.</param>
    /// <exception cref="AbiException">Not the event's encoding.</exception>
    static abstract TSelf Decode(ReadOnlySpan<byte> topics, ReadOnlySpan<byte> data);
}

/// <summary>A custom error's record, as the generator makes it.</summary>
public interface IContractError<TSelf> where TSelf : IContractError<TSelf>
{
    static abstract uint Selector { get; }

    /// <param name="arguments">Revert data without the selector.</param>
    /// <exception cref="AbiException">Not the error's encoding.</exception>
    static abstract TSelf Decode(ReadOnlySpan<byte> arguments);
}

/// <summary>Logs and reverts as generated records.</summary>
public static class ContractTypes
{
    /// <summary>The record of a log; false when the log is another event's (ERC-20 and ERC-721 share Transfer's topic and differ in what is indexed).</summary>
    /// <exception cref="AbiException">The log's topics or data are not the event's encoding.</exception>
    public static bool TryDecode<T>(this Log log, [MaybeNullWhen(false)] out T value) where T : IContractEvent<T>
    {
        value = default;
        if (log.Topics.Count != T.TopicCount || log.Topics[0] != T.Topic)
            return false;
        Span<byte> topics = stackalloc byte[AbiWord.Size * 4];
        for (var i = 0; i < log.Topics.Count; i++)
            log.Topics[i].CopyTo(topics[(AbiWord.Size * i)..]);
        value = T.Decode(topics[..(AbiWord.Size * log.Topics.Count)], log.Data);
        return true;
    }

    /// <summary>The error's record; false for another error, and for bytes that only look like it: any contract in the call may have written them.</summary>
    public static bool TryDecodeError<T>(ReadOnlySpan<byte> revertData, [MaybeNullWhen(false)] out T error) where T : IContractError<T>
    {
        error = default;
        if (!BinaryPrimitives.TryReadUInt32BigEndian(revertData, out var selector) || selector != T.Selector)
            return false;
        try
        {
            error = T.Decode(revertData[4..]);
            return true;
        }
        catch (AbiException)
        {
            return false;
        }
    }

    /// <summary>First 4 bytes of the signature's hash.</summary>
    public static uint Selector(string signature) => AbiSignature.Selector(signature);

    public static Bytes32 Topic(string signature) => Keccak256.Hash(signature);

    public static bool HasTopics(ReadOnlySpan<byte> topics, Bytes32 topic, int count) =>
        topics.Length == AbiWord.Size * count && new Bytes32(topics[..AbiWord.Size]) == topic;

    /// <exception cref="AbiException">Another event's topics.</exception>
    public static void CheckTopics(ReadOnlySpan<byte> topics, Bytes32 topic, int count)
    {
        if (!HasTopics(topics, topic, count))
            throw new AbiException($"ABI: expected {count} topics of which the first is {topic}.");
    }
}
