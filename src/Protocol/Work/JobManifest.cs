using System.Text.Json.Serialization;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

/// <summary>A blob by its SHA-256.</summary>
/// <param name="Digest">64 lower-case hexadecimal digits, as sha256sum prints them.</param>
/// <param name="Size">Bytes.</param>
public sealed record ContentReference(string Digest, long Size)
{
    /// <exception cref="FormatException">The digest is not 64 lower-case hexadecimal digits.</exception>
    public Bytes32 ToDigest() => BlobAddress.Parse(Digest);

    internal void Check(string what)
    {
        _ = ToDigest();
        Require.Range(Size, 1, JobManifest.MaxContentSize, $"{what}.size");
    }
}

/// <param name="Name">Name of the tensor or file that the runtime expects: letters, digits, dot, dash, underscore.</param>
public sealed record InputReference(string Name, string Digest, long Size)
{
    public Bytes32 ToDigest() => BlobAddress.Parse(Digest);
}

/// <param name="Seconds">Wall-clock seconds a run may take, 1 to 3600.</param>
/// <param name="MemoryMiB">Resident memory of the whole process tree, 64 to 65,536.</param>
public sealed record RunLimits(int Seconds, int MemoryMiB);

/// <summary>What is to be run. Its canonical bytes are a blob and their SHA-256 is the order's workload.</summary>
/// <param name="Runtime">Name of the runtime, e.g. <c>onnx</c>.</param>
public sealed record JobManifest(string Runtime, ContentReference Model, IReadOnlyList<InputReference> Inputs, RunLimits Limits)
{
    /// <summary>Largest model or input, in bytes.</summary>
    public const long MaxContentSize = 1L << 30;

    public const int MaxInputs = 16;

    public byte[] ToCanonical()
    {
        Check();
        return CanonicalJson.Serialize(this);
    }

    [JsonIgnore]
    public Bytes32 Digest => CanonicalJson.Digest(ToCanonical());

    /// <exception cref="FormatException">Not canonical, not a job manifest, or a value outside its bounds.</exception>
    public static JobManifest Parse(ReadOnlySpan<byte> canonical)
    {
        var manifest = CanonicalJson.Parse<JobManifest>(canonical);
        manifest.Check();
        return manifest;
    }

    private void Check()
    {
        Require.Name(Runtime, "runtime");
        Model.Check("model");
        Require.Range(Inputs.Count, 1, MaxInputs, "inputs");
        foreach (var input in Inputs)
        {
            if (input is null) throw new FormatException("inputs: expected an object, actual null.");
            Require.Name(input.Name, "inputs.name");
            new ContentReference(input.Digest, input.Size).Check("inputs");
        }
        if (Inputs.Select(input => input.Name).Distinct(StringComparer.Ordinal).Count() != Inputs.Count)
            throw new FormatException("inputs: expected different names.");
        Require.Range(Limits.Seconds, 1, 3600, "limits.seconds");
        Require.Range(Limits.MemoryMiB, 64, 65_536, "limits.memoryMiB");
    }
}
