using System.Text;
using System.Text.Json.Nodes;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Work;
using Assay.Verifier.Tests.Support;
using Assay.Verifier.Verdicts;

namespace Assay.Verifier.Tests;

public class EvidenceTests
{
    private const uint EpochSeconds = 7;

    // What only the chain can say. Whoever changes one of these must change the bundle's digest, which stands on the chain.
    private static readonly string[] OnlyTheChainKnows =
    [
        "epochBlocks", "opened.block", "opened.transaction", "opened.ratePpm", "opened.rosterLength", "submitted.block", "submitted.transaction",
        "spotCheck.seed", "case.block", "case.transaction", "case.rosterLength", "case.seed",
        "case.quorums.secondSeats", "case.quorums.convictQuorum", "case.quorums.clearQuorum",
    ];

    [Theory]
    [InlineData(Comparison.Exact)]
    [InlineData(Comparison.Tolerance)]
    public void Evidence_replays_from_its_own_bytes(Comparison comparison)
    {
        var bundle = Bundle(comparison);
        var lines = Run(bundle, CanonicalJson.Digest(bundle));
        Assert.DoesNotContain(lines, l => l.Difference is not null);
        Assert.Superset(
            new HashSet<string> { "job id is the order's digest", "opening fits the commitment", "drawn re-executor", "seat 2: finding", "verdict" },
            lines.Where(l => l.Checked).Select(l => l.What).ToHashSet());
    }

    [Fact]
    public void Evidence_by_the_beacons_seeds_replays_and_a_block_of_another_time_is_found()
    {
        var bundle = Bundle(Comparison.Exact, byBeacon: true);
        Assert.DoesNotContain(Run(bundle, CanonicalJson.Digest(bundle)), l => l.Difference is not null);
        foreach (var (part, what) in new[] { ("submitted", "epoch of the submission"), ("case", "epoch of the round's beginning") })
        {
            var changed = JsonNode.Parse(bundle)!;
            changed[part]!["time"] = changed[part]!["time"]!.GetValue<ulong>() + EpochSeconds;
            Assert.Contains(Run(Canonical(changed), null), l => l.Difference is not null && (l.What == what || l.Difference.Contains(what)));
            changed[part]!.AsObject().Remove("time");
            Assert.True(Differs(Canonical(changed), null));
        }
    }

    [Theory]
    [InlineData(Comparison.Exact)]
    [InlineData(Comparison.Tolerance)]
    public void A_change_of_any_field_is_found(Comparison comparison)
    {
        var bundle = Bundle(comparison);
        var unnoticed = new List<string>();
        foreach (var (path, changed) in Changes(bundle))
        {
            Assert.True(Differs(changed, CanonicalJson.Digest(bundle)), $"{path}: not found although the digest is known");
            if (!Differs(changed, null)) unnoticed.Add(path);
        }
        Assert.Empty(unnoticed.Except(OnlyTheChainKnows));
    }

    [Theory]
    [InlineData(Comparison.Exact)]
    [InlineData(Comparison.Tolerance)]
    public void Nothing_that_decides_can_be_left_out(Comparison comparison)
    {
        // Without these the rest still replays, and the replay says what it could not check.
        // An exact conviction also stands against a claim that was never opened, and values need no contents.
        string[] exact = comparison == Comparison.Exact ? ["opening", "outputs.0", "outputs.1"] : [];
        string[] dispensable =
        [
            .. exact,
            "acceptance", "result", "runManifest", "policy", "workload", "case.seats.0.seal", "case.seats.1.seal", "case.seats.2.seal",
            "spotCheck.testimony", "spotCheck.seal", "spotCheck.attempt",
        ];
        var bundle = Bundle(comparison);
        var unnoticed = new List<string>();
        foreach (var (path, changed) in Omissions(bundle))
        {
            Assert.True(Differs(changed, CanonicalJson.Digest(bundle)), $"{path}: not found although the digest is known");
            if (!Differs(changed, null)) unnoticed.Add(path);
        }
        Assert.Empty(unnoticed.Except(dispensable));
    }

    [Theory]
    [InlineData("{}", 0.5f)]
    [InlineData(null, float.NaN)]
    public void What_cannot_be_compared_leaves_no_report_and_stops_no_case(string? policy, float value)
    {
        var (claim, own) = (Work.Probabilities("runner", 0.5f), Work.Probabilities("seat", value));
        policy ??= Encoding.UTF8.GetString(ComparisonPolicy.Tolerance("probabilities", TensorBounds.Equal).ToCanonical());
        var content = new EvidenceContent(policy, null, [.. new[] { claim, own }.Select(w => new OutputsContent(BlobAddress.Format(w.Root), w.Outputs))]);
        Assert.Null(EvidenceBuilder.Report(new Cast().Order(Comparison.Tolerance), own.Root, own.Units, claim.Opening, content));
    }

    [Fact]
    public void Evidence_of_another_chain_or_contract_is_different()
    {
        var bundle = Bundle(Comparison.Exact);
        Assert.Contains(Replay.Run(bundle, new(ChainId: 1)), l => l.Difference is not null);
        Assert.Contains(Replay.Run(bundle, new(Escrow: Address.Zero)), l => l.Difference is not null);
        Assert.DoesNotContain(Replay.Run(bundle, new(31337, new Cast().Domain.Escrow)), l => l.Difference is not null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"version\":1}")]
    public void What_is_no_bundle_is_not_readable(string text) =>
        Assert.Throws<FormatException>(() => Replay.Run(Encoding.UTF8.GetBytes(text), new()));

    [Fact]
    public void The_command_ends_with_0_when_equal_1_when_different_and_2_when_unreadable()
    {
        var bundle = Bundle(Comparison.Exact);
        var folder = Directory.CreateTempSubdirectory("replay-").FullName;
        var file = Path.Combine(folder, "bundle.json");
        File.WriteAllBytes(file, bundle);
        Assert.Equal((0, ""), Command(file, "--chain-id", "31337", $"--evidence={CanonicalJson.Digest(bundle)}"));
        Assert.Equal(1, Command(file, "--chain-id", "5").Code);

        File.WriteAllText(file, "{ }");
        Assert.Equal(2, Command(file).Code);
        Assert.Equal(2, Command(Path.Combine(folder, "absent")).Code);
        Assert.Equal(2, Command().Code);
        Assert.Equal(2, Command(file, "--escrow", "nonsense").Code);
        Assert.Equal(0, Command("--help").Code);
        Directory.Delete(folder, recursive: true);

        static (int Code, string Error) Command(params string[] args)
        {
            using var error = new StringWriter();
            return (ReplayCommand.Run(args, new StringWriter(), error), error.ToString());
        }
    }

    /// <summary>A whole case, made without service and database.</summary>
    private static byte[] Bundle(Comparison comparison, bool byBeacon = false)
    {
        var tolerant = comparison == Comparison.Tolerance;
        var policy = tolerant ? ComparisonPolicy.Tolerance("probabilities", new TensorBounds("1e-5", "0", 0)) : ComparisonPolicy.Exact;
        var blob = new ContentReference(BlobAddress.Format(Words.Of(3ul)), 10);
        var workload = new JobManifest("onnx", blob, [new InputReference("images", blob.Digest, 10)], new RunLimits(60, 1024)).ToCanonical();
        var s = new Situation(comparison, policy: policy.Digest, workload: CanonicalJson.Digest(workload));
        var claim = tolerant ? Work.Probabilities("runner", 0.1f, 0.9f) : Work.Labels("runner", 9, 9);
        var right = tolerant ? Work.Probabilities("check", 0.4f, 0.6f) : Work.Labels("check", 1, 2);
        var finding = tolerant ? Finding.Mismatch : Finding.Value;

        s.Accept(s.Runner.Address, Cast.Start + 20, Cast.Start);
        var seats = s.Dispute(right.Value, claim);
        var result = new Result(s.Job, claim.Commitment, Work.ManifestDigest);
        s.Result = new(s.Runner.Address, result, s.Cast.Sign(s.Runner.Node, result), Encoding.UTF8.GetString(Work.Manifest));
        s.Opening = claim.Opening;
        s.Seal(0, 0, s.Picks[0], right);
        s.Attest(0, 0, s.Picks[0], right, finding, claim.Value);
        var works = seats.Select((_, i) => right with { Salt = Work.SaltOf($"seat{i}") }).ToList();
        for (var i = 0; i < 3; i++) s.Seal(1, i, seats[i], works[i]);
        s.SealAll(seats, works, s.Now + 30);
        s.Events.Add(new ClaimOpened(s.Cast.At(53), s.Job, claim.Root, claim.Units, claim.Salt));
        for (var i = 0; i < 3; i++) s.Attest(1, i, seats[i], works[i], finding, claim.Value);
        var attested = seats.Select((seat, i) => s.View.AttestationOf(1, i, seat, claim.Value)).ToList();

        var content = new EvidenceContent(
            Encoding.UTF8.GetString(policy.ToCanonical()), Encoding.UTF8.GetString(workload),
            [.. new[] { claim, right }.Select(w => new OutputsContent(BlobAddress.Format(w.Root), w.Outputs))]);
        if (byBeacon) CountByTime(s);
        var world = s.World with { Windows = Situation.Windows with { EpochSeconds = byBeacon ? EpochSeconds : 0 } };
        return CanonicalJson.Serialize(EvidenceBuilder.Build(s.View, world, s.Cast.Domain, attested, content));
    }

    /// <summary>The same story under a version whose seeds are the beacon's.</summary>
    private static void CountByTime(Situation s)
    {
        ulong Counted(ChainPosition at, ulong epoch)
        {
            var counted = Protocol.Chain.Sampling.BeaconEpoch + at.BlockTime / EpochSeconds;
            s.Seeds[counted + 1] = s.Seeds[epoch + 1] with { Epoch = counted + 1 };
            return counted;
        }
        for (var i = 0; i < s.Events.Count; i++)
            s.Events[i] = s.Events[i] switch
            {
                ResultSubmitted e => e with { Epoch = Counted(e.At, e.Epoch) },
                ResultAccused e => e with { Epoch = Counted(e.At, e.Epoch) },
                var e => e,
            };
    }

    private static IReadOnlyList<ReplayLine> Run(byte[] bundle, Bytes32? evidence) => Replay.Run(bundle, new(Evidence: evidence));

    private static byte[] Canonical(JsonNode bundle) => CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(bundle.ToJsonString()));

    private static bool Differs(byte[] bundle, Bytes32? evidence)
    {
        try
        {
            return Run(bundle, evidence).Any(l => l.Difference is not null);
        }
        catch (FormatException)
        {
            return true;
        }
    }

    /// <summary>The bundle with one value changed to another of its kind, for every value in it.</summary>
    private static IEnumerable<(string Path, byte[] Changed)> Changes(byte[] bundle) => Paths(JsonNode.Parse(bundle)!, "")
        .Where(p => At(JsonNode.Parse(bundle)!, p) is JsonValue)
        .Select(path =>
        {
            var root = JsonNode.Parse(bundle)!;
            Replace(root, path, Other((JsonValue)At(root, path)!));
            return (path, CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(root.ToJsonString())));
        });

    private static IEnumerable<(string Path, byte[] Changed)> Omissions(byte[] bundle) => Paths(JsonNode.Parse(bundle)!, "")
        .Select(path =>
        {
            var root = JsonNode.Parse(bundle)!;
            var parent = At(root, Parent(path))!;
            if (parent is JsonArray array) array.RemoveAt(int.Parse(Last(path)));
            else ((JsonObject)parent).Remove(Last(path));
            return (path, CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(root.ToJsonString())));
        });

    private static IEnumerable<string> Paths(JsonNode node, string prefix)
    {
        var children = node switch
        {
            JsonObject o => o.Select(p => (p.Key, p.Value)),
            JsonArray a => a.Select((v, i) => (i.ToString(), v)),
            _ => [],
        };
        foreach (var (name, child) in children)
        {
            var path = prefix.Length == 0 ? name : $"{prefix}.{name}";
            yield return path;
            if (child is not null)
                foreach (var deeper in Paths(child, path)) yield return deeper;
        }
    }

    private static string Parent(string path) => path.Contains('.') ? path[..path.LastIndexOf('.')] : "";

    private static string Last(string path) => path[(path.LastIndexOf('.') + 1)..];

    private static JsonNode? At(JsonNode root, string path) => path.Length == 0
        ? root
        : path.Split('.').Aggregate((JsonNode?)root, (node, name) => node is JsonArray a ? a[int.Parse(name)] : node![name]);

    private static void Replace(JsonNode root, string path, JsonNode value)
    {
        var parent = At(root, Parent(path))!;
        if (parent is JsonArray array) array[int.Parse(Last(path))] = value;
        else parent[Last(path)] = value;
    }

    private static JsonNode Other(JsonValue value)
    {
        if (value.TryGetValue<ulong>(out var number)) return JsonValue.Create(number + 1);
        if (value.TryGetValue<bool>(out var flag)) return JsonValue.Create(!flag);
        var text = value.GetValue<string>();
        if (text.Length == 0) return "x";
        if (Enum.TryParse<Finding>(text, ignoreCase: true, out var finding) && finding != Finding.None) return finding == Finding.Match ? "mismatch" : "match";
        if (text is "convicted") return "cleared";
        if (text is "exact" or "tolerance") return text == "exact" ? "tolerance" : "exact";
        // Hexadecimal stays hexadecimal, base64 stays base64, an address loses its checksum's case first.
        var lower = text.StartsWith("0x") ? text.ToLowerInvariant() : text;
        var at = text.StartsWith("0x") ? lower.Length - 1 : Math.Min(5, text.Length - 1);
        return lower[..at] + (lower[at] == '1' ? '2' : '1') + lower[(at + 1)..];
    }
}
