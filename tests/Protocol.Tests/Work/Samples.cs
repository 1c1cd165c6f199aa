using System.Buffers.Binary;
using Assay.Protocol.Work;

namespace Assay.Protocol.Tests.Work;

internal static class Samples
{
    public const string Hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    public static readonly JobManifest Job =
        new("onnx", new(Hex, 1000), [new("images", Hex, 12_632)], new RunLimits(60, 1024));

    public static readonly ComparisonPolicy Policy = ComparisonPolicy.Tolerance("probabilities", new TensorBounds("1e-5", "0.0001", 4));

    public static readonly RunManifest Run =
        new("onnx", "cpu", "some device", new Dictionary<string, string> { ["node"] = "24.9.0", ["onnxruntime"] = "1.30.0" }, 12);

    public static Tensor F32(string name, params float[] values)
    {
        var data = new byte[4 * values.Length];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4 * i), values[i]);
        return new Tensor(name, TensorType.F32, [values.Length], data);
    }

    public static Tensor I32(string name, params int[] values)
    {
        var data = new byte[4 * values.Length];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(4 * i), values[i]);
        return new Tensor(name, TensorType.I32, [values.Length], data);
    }

    public static Tensor I64(string name, params long[] values)
    {
        var data = new byte[8 * values.Length];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(8 * i), values[i]);
        return new Tensor(name, TensorType.I64, [values.Length], data);
    }

    /// <summary>The bytes with one to eight random changes: flips, insertions, deletions, a cut, a repeated part.</summary>
    public static byte[] Mutate(byte[] bytes, Random random)
    {
        var mutated = bytes.ToList();
        for (var n = random.Next(1, 9); n > 0 && mutated.Count > 0; n--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(5))
            {
                case 0: mutated[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: mutated.Insert(at, (byte)random.Next(256)); break;
                case 2: mutated.RemoveAt(at); break;
                case 3: mutated.RemoveRange(at, random.Next(mutated.Count - at)); break;
                default: mutated.InsertRange(at, mutated.GetRange(at, Math.Min(16, mutated.Count - at))); break;
            }
        }
        return [.. mutated];
    }
}
