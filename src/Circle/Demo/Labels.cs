using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Work;

namespace Assay.Circle.Demo;

/// <summary>The classes that a result names: its labels, or the first index of each row's greatest probability.</summary>
public static class Labels
{
    private const int Classes = 10;
    private const long MaxOutput = 1 << 20;

    public static async Task<IReadOnlyList<int>> ReadAsync(IBlobStore blobs, Bytes32 outputsRoot, CancellationToken cancellation)
    {
        var tensors = Safetensors.Parse(await blobs.GetAsync(outputsRoot, MaxOutput, cancellation));
        return tensors.FirstOrDefault(t => t.Name == "labels") is { } labels
            ? Integers(labels.Data.Span)
            : [.. MemoryMarshal.Cast<byte, float>(tensors.Single(t => t.Name == "probabilities").Data.Span).ToArray().Chunk(Classes).Select(First)];
    }

    private static int[] Integers(ReadOnlySpan<byte> data)
    {
        var values = new int[data.Length / sizeof(int)];
        for (var i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt32LittleEndian(data[(i * sizeof(int))..]);
        return values;
    }

    private static int First(float[] row) => Array.IndexOf(row, row.Max());
}
