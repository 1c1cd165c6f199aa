using System.Text.Json.Serialization;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

/// <summary>On what a job was run; signed beside the value by its digest and never compared.</summary>
/// <param name="Provider">Execution provider, e.g. <c>cpu</c>, <c>webgpu</c>, <c>cuda</c>.</param>
/// <param name="Device">As the runtime reports it.</param>
/// <param name="Versions">Name and version of each part that computed.</param>
/// <param name="Milliseconds">Wall-clock time of the run.</param>
public sealed record RunManifest(
    string Runtime, string Provider, string Device, IReadOnlyDictionary<string, string> Versions, long Milliseconds)
{
    public const int MaxVersions = 32;

    public byte[] ToCanonical()
    {
        Check();
        return CanonicalJson.Serialize(this);
    }

    [JsonIgnore]
    public Bytes32 Digest => CanonicalJson.Digest(ToCanonical());

    /// <exception cref="FormatException">Not canonical, not a run manifest, or a value outside its bounds.</exception>
    public static RunManifest Parse(ReadOnlySpan<byte> canonical)
    {
        var manifest = CanonicalJson.Parse<RunManifest>(canonical);
        manifest.Check();
        return manifest;
    }

    private void Check()
    {
        Require.Name(Runtime, "runtime");
        Require.Name(Provider, "provider");
        Require.Text(Device, 256, "device");
        Require.Range(Versions.Count, 0, MaxVersions, "versions");
        foreach (var (name, version) in Versions)
        {
            Require.Name(name, "versions");
            Require.Text(version ?? throw new FormatException("versions: expected a text, actual null."), 64, "versions");
        }
        Require.Range(Milliseconds, 0, 86_400_000, "milliseconds");
    }
}
