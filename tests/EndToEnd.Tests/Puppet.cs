using System.Collections.Concurrent;
using System.Security.Cryptography;
using Assay.Circle.Network;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;

namespace Assay.EndToEnd.Tests;

/// <summary>Outputs with the salt that hides them, true or made up.</summary>
internal sealed record Run(byte[] Outputs, ulong Units, Bytes32 Salt)
{
    public Run(byte[] outputs, ulong units) : this(outputs, units, new Bytes32(RandomNumberGenerator.GetBytes(32)))
    {
    }

    public Bytes32 Root => BlobAddress.Of(Outputs);
    public Bytes32 Value => Values.Value(Root, Units);
    public Bytes32 Commitment => Values.Commitment(Salt, Value);
    public Opening Opening => new(Root, Units, Salt);

    public SeatCommitment Seal(Bytes32 job, byte round, byte seat) => new(job, round, seat, Values.Seal(job, round, seat, Salt, Value));
}

/// <summary>What an operator does with one job that it runs itself.</summary>
/// <param name="Result">What it commits to.</param>
internal sealed record Script(Run Result)
{
    /// <summary>False: the outputs that it commits to stay on its machine.</summary>
    public bool Uploads { get; init; } = true;

    /// <summary>Replaces the sending of the result.</summary>
    public Func<Puppet, WorkItem, Script, Task>? Execute { get; init; }

    /// <summary>Replaces the opening.</summary>
    public Func<Puppet, WorkItem, Script, Task>? Reveal { get; init; }
}

/// <summary>
/// An operator that the test leads. Jobs of others it checks rightly, from outputs that were computed before, but for those it is told to lie about;
/// on its own jobs it follows a script.
/// </summary>
internal sealed class Puppet(RunningCircle circle, int index, IReadOnlyDictionary<Comparison, Run> truth, ConcurrentDictionary<string, Answer> seen) : IDisposable
{
    private static readonly string Manifest = System.Text.Encoding.UTF8.GetString(
        new RunManifest("onnx", "cpu", "puppet", new Dictionary<string, string> { ["node"] = "24" }, 1).ToCanonical());

    private readonly ConcurrentDictionary<(Bytes32 Job, byte Round, byte Seat), Run> seals = new();
    private readonly ConcurrentDictionary<string, bool> taken = new();

    public HostileNode Node { get; } = new(circle, index);

    public Address Address => Node.Address;

    public ConcurrentDictionary<Bytes32, Script> Scripts { get; } = new();

    /// <summary>Jobs of others about which it lies when it is the drawn re-executor.</summary>
    public ConcurrentDictionary<Bytes32, bool> Lies { get; } = new();

    /// <summary>How many lies were told, of all puppets by job.</summary>
    public ConcurrentDictionary<Bytes32, bool> Told { get; } = new();

    /// <summary>Takes work and answers it until stopped.</summary>
    public async Task LiveAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
            foreach (var item in await Node.LeaseAsync(16, 5, stopping))
                await AnswerAsync(item);
    }

    public async Task<Answer> SendResultAsync(WorkItem item, Run run, string? note = null)
    {
        var result = new Result(item.Job, run.Commitment, CanonicalJson.Digest(System.Text.Encoding.UTF8.GetBytes(Manifest)));
        return Note(note, await Node.PostAsync("/nodes/results", new ResultRequest(result, await Node.SignAsync(result), Manifest)));
    }

    public async Task<Answer> OpenAsync(WorkItem item, Opening opening, string? note = null) =>
        Note(note, await Node.PostAsync("/nodes/openings", new OpeningRequest(item.Job, opening)));

    public Answer Note(string? what, Answer answer)
    {
        if (what is not null) seen[what] = answer;
        return answer;
    }

    private Task AnswerAsync(WorkItem item) => item.Kind switch
    {
        WorkKind.Offer => AcceptAsync(item),
        WorkKind.Execute when Scripts.TryGetValue(item.Job, out var script) => script.Execute is { } act ? act(this, item, script) : ExecuteAsync(item, script),
        WorkKind.Reveal when Scripts.TryGetValue(item.Job, out var script) => script.Reveal is { } act ? act(this, item, script) : OpenAsync(item, script.Result.Opening),
        WorkKind.Recompute => SealAsync(item),
        WorkKind.Attest => AttestAsync(item),
        _ => Task.CompletedTask,
    };

    private async Task AcceptAsync(WorkItem item)
    {
        var acceptance = new Acceptance(item.Job, Address, Node.Key.Address, (ulong)DateTimeOffset.UtcNow.AddSeconds(120).ToUnixTimeSeconds());
        await Node.PostAsync("/nodes/acceptances", new AcceptanceRequest(acceptance, await Node.SignAsync(acceptance)));
    }

    public async Task ExecuteAsync(WorkItem item, Script script)
    {
        if (script.Uploads) Note($"upload {item.Job}", await Node.UploadAsync(script.Result.Outputs));
        await SendResultAsync(item, script.Result);
    }

    private async Task SealAsync(WorkItem item)
    {
        var right = truth[item.Order.Comparison];
        var lies = item.Round == 0 && item.Order.Comparison == Comparison.Exact && Lies.ContainsKey(item.Job);
        if (lies) Told[item.Job] = true;
        var run = seals.GetOrAdd((item.Job, item.Round, item.Seat), _ => new Run(right.Outputs, lies ? right.Units + 1 : right.Units));
        var commitment = run.Seal(item.Job, item.Round, item.Seat);
        await Node.PostAsync("/nodes/seals", new SealRequest(commitment, await Node.SignAsync(commitment)));
        if (taken.TryAdd($"seal {item.Job}", true))
        {
            var other = new Run(right.Outputs, right.Units).Seal(item.Job, item.Round, item.Seat);
            Note("another seal", await Node.PostAsync("/nodes/seals", new SealRequest(other, await Node.SignAsync(other))));
        }
    }

    private async Task AttestAsync(WorkItem item)
    {
        if (!seals.TryGetValue((item.Job, item.Round, item.Seat), out var run)) return;
        var finding = await FindAsync(item, run);
        await Node.UploadAsync(run.Outputs);
        if (taken.TryAdd($"attest {item.Job}", true)) await ContradictAsync(item, run, finding);
        await AttestAsync(item, run, finding);
    }

    private async Task<Answer> AttestAsync(WorkItem item, Run run, Finding finding, Func<AttestationRequest, AttestationRequest>? change = null)
    {
        var attestation = new Attestation(item.Job, item.Round, item.Seat, finding, run.Value, item.Round == 0 ? Bytes32.Zero : run.Salt);
        var request = new AttestationRequest(attestation, [], run.Root, run.Units, run.Salt);
        request = change?.Invoke(request) ?? request;
        return await Node.PostAsync("/nodes/attestations", request with { Signature = await Node.SignAsync(request.Attestation) });
    }

    /// <summary>Attestations that contradict their own outputs, their seal or the claim; none of them may be taken.</summary>
    private async Task ContradictAsync(WorkItem item, Run run, Finding finding)
    {
        Note("value of other units", await AttestAsync(item, run, finding, r => r with { Units = r.Units + 1 }));
        Note("another value than sealed", await AttestAsync(item, run with { Units = run.Units + 7 }, finding));
        if (item.Order.Comparison == Comparison.Tolerance && item.Claim is not null)
            foreach (var lie in new[] { Finding.Match, Finding.Mismatch, Finding.Malformed }.Where(f => f != finding))
                Note($"{lie} instead of {finding}", await AttestAsync(item, run, lie));
        else if (item.Order.Comparison == Comparison.Exact)
            Note("Match on exact", await AttestAsync(item, run, Finding.Match));
    }

    private async Task<Finding> FindAsync(WorkItem item, Run run)
    {
        if (item.Order.Comparison == Comparison.Exact) return Finding.Value;
        if (item.Claim is not { } claim) return Finding.Malformed;
        var claimed = await new HttpBlobStore(BlobClient, null).GetAsync(claim.OutputsRoot, 16 << 20);
        return ResultComparer.Compare(circle.Samples.Policy(Model.Fp32), claimed, claim.Units, run.Outputs, run.Units).Finding;
    }

    private HttpClient BlobClient { get; } = new() { BaseAddress = circle.Services.Verifier };

    public void Dispose()
    {
        BlobClient.Dispose();
        Node.Dispose();
    }
}
