using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.Runs;

/// <summary>What a run gave: checked outputs, metered units and on what it ran.</summary>
/// <param name="Content">Canonical safetensors.</param>
internal sealed record RunOutputs(byte[] Content, ulong Units, RunManifest Manifest)
{
    public const string OutputsFile = "outputs.safetensors";
    public const string ReportFile = "run.json";
    private const int MaxReport = 64 << 10;

    public Bytes32 Root => BlobAddress.Of(Content);

    public Bytes32 Value => Values.Value(Root, Units);

    private sealed record Report(ulong Units, ReportedManifest Manifest);

    private sealed record ReportedManifest(string Runtime, string Provider, string Device, IReadOnlyDictionary<string, string> Versions);

    /// <summary>Reads what the runtime left; nothing of it is trusted.</summary>
    /// <exception cref="RunException">Missing, too large, not canonical, numbers that are not finite, or an unusable report.</exception>
    public static RunOutputs Read(string workDirectory, string runtime, int maxBytes, long milliseconds)
    {
        var report = ReadReport(HostileFile.Read(Path.Combine(workDirectory, ReportFile), MaxReport));
        var content = HostileFile.Read(Path.Combine(workDirectory, OutputsFile), maxBytes);
        if (ResultComparer.FindMalformation(content) is { } malformed)
            throw new RunException(RunFault.BadOutputs, $"the outputs are malformed: {malformed.Reason}");
        if (report.Manifest.Runtime != runtime)
            throw new RunException(RunFault.BadOutputs, $"the report names the runtime {NodeLog.Clean(report.Manifest.Runtime, 64)}, expected {runtime}");
        var manifest = new RunManifest(
            report.Manifest.Runtime, report.Manifest.Provider, report.Manifest.Device, report.Manifest.Versions, milliseconds);
        try
        {
            _ = manifest.ToCanonical();
        }
        catch (FormatException e)
        {
            throw new RunException(RunFault.BadOutputs, $"the report is unusable: {e.Message}", e);
        }
        return new RunOutputs(content, report.Units, manifest);
    }

    private static Report ReadReport(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize<Report>(json, CanonicalJson.Options)
                ?? throw new RunException(RunFault.BadOutputs, $"{ReportFile} holds null");
        }
        catch (JsonException e)
        {
            throw new RunException(RunFault.BadOutputs, $"{ReportFile} is unusable: {NodeLog.Clean(e.Message, 200)}", e);
        }
    }
}
