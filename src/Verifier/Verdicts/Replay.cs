using System.Text;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Work;

namespace Assay.Verifier.Verdicts;

/// <summary>One thing that was recomputed.</summary>
/// <param name="Difference">Null when it came out the same.</param>
/// <param name="Checked">False: the evidence lacks what it would take, which is said and is no difference.</param>
public sealed record ReplayLine(string What, string? Difference = null, bool Checked = true);

/// <summary>What the reader of a bundle knows from elsewhere; null is not compared.</summary>
/// <param name="Evidence">SHA-256 of the bundle in the chain's VerdictReached.</param>
public sealed record ReplayExpectation(ulong? ChainId = null, Address? Escrow = null, Bytes32? Evidence = null);

/// <summary>
/// Recomputes a case from its evidence alone: signatures, sampling, draws, seals, comparison and verdict. What only the chain can say (seeds,
/// registrations, the frozen roster) is taken from the bundle and listed for comparison.
/// </summary>
public sealed class Replay
{
    private readonly EvidenceBundle _bundle;
    private readonly EscrowDomain _domain;
    private readonly Dictionary<Address, Party> _parties;
    private readonly EvidenceContent _content;
    private readonly List<ReplayLine> _lines = [];

    private Replay(EvidenceBundle bundle)
    {
        _bundle = bundle;
        _domain = new EscrowDomain(bundle.ChainId, bundle.Escrow);
        _parties = bundle.Parties.GroupBy(p => p.Operator).ToDictionary(g => g.Key, g => g.First());
        _content = new EvidenceContent(bundle.Policy, bundle.Workload, bundle.Outputs);
    }

    /// <summary>All lines up to the first difference, which is then the last.</summary>
    /// <exception cref="FormatException">The bytes are no canonical evidence bundle.</exception>
    public static IReadOnlyList<ReplayLine> Run(ReadOnlySpan<byte> canonical, ReplayExpectation expected)
    {
        var replay = new Replay(CanonicalJson.Parse<EvidenceBundle>(canonical));
        var digest = CanonicalJson.Digest(canonical);
        try
        {
            replay.CheckFrame(digest, expected);
            replay.CheckOrder();
            replay.CheckResult();
            replay.CheckSampling();
            replay.CheckAccusation();
            replay.CheckSeats();
            replay.CheckOutputs();
            replay.CheckVerdict();
        }
        catch (DifferenceException e)
        {
            replay._lines.Add(new("first difference", e.Message));
        }
        return replay._lines;
    }

    private void CheckFrame(Bytes32 digest, ReplayExpectation expected)
    {
        Same("format", EvidenceBundle.CurrentVersion, _bundle.Version);
        if (expected.ChainId is { } chain) Same("chain id", chain, _bundle.ChainId);
        if (expected.Escrow is { } escrow) Same("escrow", escrow, _bundle.Escrow);
        if (expected.Evidence is { } evidence) Same("SHA-256 of the evidence", evidence, digest);
        else Skip($"SHA-256 of the evidence is {digest}; the chain's VerdictReached must name it");
        Require(_bundle.EpochBlocks > 0, "an epoch has no blocks");
        Skip($"an epoch has {_bundle.EpochBlocks} blocks{(_bundle.EpochSeconds is { } s ? $", one of the beacon {s} s" : "")}; compare with the contract's parameters");
        var dispute = _bundle.Case;
        var concerned = dispute.Seats.Select(s => s.Operator).Concat(dispute.FirstSeats).Append(_bundle.Opened.Operator).Append(dispute.Accuser).Append(dispute.Appellant).ToHashSet();
        // Who has pledged money need not be registered.
        if (dispute.Bonded && !_parties.ContainsKey(dispute.Accuser)) concerned.Remove(dispute.Accuser);
        if (!_parties.ContainsKey(dispute.Appellant)) concerned.Remove(dispute.Appellant);
        Require(
            _parties.Count == _bundle.Parties.Count && concerned.SetEquals(_parties.Keys),
            "the registrations are not those of operator, accuser and seats, each once");
    }

    private void CheckOrder()
    {
        Same("job id is the order's digest", _bundle.Job, _domain.Digest(_bundle.Order.Document));
        CheckSigned("order", _bundle.Order, _bundle.Order.Document.Client);
        CheckDocument("comparison policy", _bundle.Policy, _bundle.Order.Document.Policy);
        CheckDocument("job manifest", _bundle.Workload, _bundle.Order.Document.Workload);
        var chosen = _bundle.Order.Document.Operator;
        Require(chosen.IsZero || chosen == _bundle.Opened.Operator, $"the order names operator {chosen}, it was opened with {_bundle.Opened.Operator}");
        if (_bundle.Acceptance is not { } acceptance)
        {
            Skip("acceptance: did not pass through this verifier");
            return;
        }
        Same("acceptance is of this order", _bundle.Job, acceptance.Document.Order);
        Same("acceptance's operator", _bundle.Opened.Operator, acceptance.Document.Operator);
        Same("acceptance's node key", _bundle.Opened.NodeKey, acceptance.Document.NodeKey);
        CheckSigned("acceptance", acceptance, Party(_bundle.Opened.Operator).Signer);
    }

    private void CheckResult()
    {
        Same("epoch of the submission", EpochOf(_bundle.Submitted.Block, _bundle.Submitted.Time, _bundle.Submitted.Epoch), _bundle.Submitted.Epoch);
        Require(_bundle.Opened.Block <= _bundle.Submitted.Block, "the result was submitted before the job was opened");
        if (_bundle.Result is { } result)
        {
            Same("result is of this job", _bundle.Job, result.Document.Job);
            Same("result's commitment", _bundle.Submitted.Commitment, result.Document.Commitment);
            Same("result's run manifest", _bundle.Submitted.Manifest, result.Document.Manifest);
            CheckSigned("result", result, _bundle.Opened.NodeKey);
            CheckDocument("run manifest", _bundle.RunManifest, result.Document.Manifest);
        }
        else
        {
            Require(_bundle.RunManifest is null, "there is a run manifest without a result");
            Skip("result: did not pass through this verifier");
        }
        if (_bundle.Opening is { } opening) Same("opening fits the commitment", _bundle.Submitted.Commitment, Values.Commitment(opening));
        else Skip("the claim was not opened and so differs from every value; compare with the chain, which then has no ClaimOpened");
    }

    private void CheckSampling()
    {
        Require(_bundle.SpotCheck is null == _bundle.Case.Bonded, "a drawn accuser comes with its spot check, one that pledged without");
        if (_bundle.SpotCheck is null)
        {
            Skip($"{_bundle.Case.Accuser} was not drawn, but pledged money; compare with the chain's ResultAccused");
            return;
        }
        Same("epoch of the deciding seed", Protocol.Chain.Sampling.DecidingEpoch(_bundle.Submitted.Epoch), _bundle.SpotCheck.SeedEpoch);
        Require(
            Protocol.Chain.Sampling.IsSampled(_bundle.SpotCheck.Seed, _bundle.Job, _bundle.Opened.RatePpm),
            $"the job is not sampled at {_bundle.Opened.RatePpm} ppm by the seed {_bundle.SpotCheck.Seed}");
        Skip($"seed of epoch {_bundle.SpotCheck.SeedEpoch} is {_bundle.SpotCheck.Seed}; compare with the chain's SeedRecorded");
        Skip($"rate {_bundle.Opened.RatePpm} ppm, roster of {_bundle.Opened.RosterLength}; compare with the chain's JobOpened");
        var drawn = DrawPicks(0, _bundle.SpotCheck.Seed, _bundle.SpotCheck.SeedEpoch, _bundle.Opened.RosterLength, [Cluster(_bundle.Opened.Operator)], Draw.Attempts);
        Require(drawn.Contains(_bundle.Case.Accuser), $"the accuser {_bundle.Case.Accuser} was not drawn; drawn were {string.Join(", ", drawn)}");
        Ok($"the seed draws {string.Join(", ", drawn)}");
        if (_bundle.SpotCheck.Attempt is { } attempt)
        {
            Require(attempt < drawn.Count, $"there is no attempt {attempt}");
            Same("drawn re-executor", drawn[attempt], _bundle.Case.Accuser);
        }
    }

    private void CheckAccusation()
    {
        Same("epoch of the round's beginning", EpochOf(_bundle.Case.Block, _bundle.Case.Time, _bundle.Case.Epoch), _bundle.Case.Epoch);
        Require(_bundle.Case.Block >= _bundle.Submitted.Block, "the accusation is older than the result");
        if (_bundle.SpotCheck is not { } check) return;
        if (check.Testimony is not { } testimony)
        {
            Require(check.Attempt is null && check.Seal is null, "an accuser's seal or attempt stands without its attestation");
            Skip("the accuser's attestation did not pass through this verifier");
            return;
        }
        Require(check.Attempt is not null, "the accuser's attempt is missing");
        Same("accuser's value in the event", _bundle.Case.Value, testimony.Attestation.Document.Value);
        CheckTestimony("accuser", testimony, _bundle.Case.Accuser, 0, check.Attempt!.Value);
        Require(check.Seal is not null, "the accuser's seal is missing");
        CheckSeal("accuser", check.Seal!, _bundle.Case.Accuser, 0, check.Attempt.Value, Opened(testimony, 0, check.Attempt.Value));
        CheckFinding("accuser", testimony, null);
        Require(
            IsExact ? _bundle.Opening is not { } o || testimony.Attestation.Document.Value != Values.Value(o.OutputsRoot, o.Units)
                : testimony.Attestation.Document.Finding is Finding.Mismatch or Finding.Malformed,
            "the accuser agrees with the claim");
    }

    private void CheckSeats()
    {
        var dispute = _bundle.Case;
        Same("epoch of the case's seed", Protocol.Chain.Sampling.DecidingEpoch(dispute.Epoch), dispute.SeedEpoch);
        Skip($"seed of epoch {dispute.SeedEpoch} is {dispute.Seed}; compare with the chain's SeedRecorded");
        Skip($"roster of {dispute.RosterLength}; compare with the chain's {(dispute.Round == 1 ? "ResultAccused" : "ResultAppealed")}");
        Skip($"seats and quorums are {dispute.Quorums}; compare with the contract's parameters");
        Require(dispute.Round is 1 or 2 && dispute.FirstSeats.Count == (dispute.Round == 1 ? 0 : dispute.Quorums.FirstSeats), "the first round's seats are those of another round");
        Require(dispute.Round == 2 || dispute.Appellant.IsZero, "somebody appealed before the second round");
        if (dispute.Round == 2) Skip("the first round's seats and who appealed are taken from the evidence; compare with the chain's SeatsDrawn, SeatRefilled and ResultAppealed");
        var size = dispute.Quorums.SizeOf(dispute.Round);
        Require(dispute.Seats.Count == size && dispute.Draws >= size, $"the round has {size} seats");
        var drawn = DrawPicks(
            dispute.Round, dispute.Seed, dispute.SeedEpoch, dispute.RosterLength,
            [Cluster(_bundle.Opened.Operator), .. dispute.FirstSeats.Select(Cluster), .. new[] { dispute.Accuser, dispute.Appellant }.Where(_parties.ContainsKey).Select(Cluster)],
            dispute.Draws);
        Same("places drawn for the round", dispute.Draws, drawn.Count);
        for (var i = 0; i < size; i++)
        {
            var seat = dispute.Seats[i];
            // A seat holds its first pick, or one of those drawn after the first three to refill it.
            Require(
                seat.Operator == drawn[i] || drawn.Skip(size).Contains(seat.Operator),
                $"seat {i} is held by {seat.Operator}, drawn were {string.Join(", ", drawn)}");
            Ok($"seat {i} was drawn: {seat.Operator}");
            CheckSeat(seat, (byte)i);
        }
        // Whoever was drawn last took the seat for which it was drawn.
        Require(
            dispute.Draws - size >= dispute.Seats.Where((s, i) => s.Operator != drawn[i]).Count()
            && (dispute.Draws == size || dispute.Seats.Any(s => s.Operator == drawn[^1])),
            $"{dispute.Draws} draws do not give these seats");
        Same("seats are held by different operators", size, dispute.Seats.Select(s => s.Operator).Distinct().Count());
    }

    private void CheckSeat(SeatEvidence seat, byte index)
    {
        var name = $"seat {index}";
        if (seat.Seal is { } seal) CheckSeal(name, seal, seat.Operator, _bundle.Case.Round, index, seat.Commitment);
        else Skip($"{name} sealed on the chain without this verifier");
        if (seat.Testimony is not { } testimony)
        {
            Require(seat.Report is null, $"{name} has a comparison without an attestation");
            Skip($"{name} did not open");
            return;
        }
        CheckTestimony(name, testimony, seat.Operator, _bundle.Case.Round, index);
        Same($"{name}: value opens the seal", seat.Commitment, Opened(testimony, _bundle.Case.Round, index));
        CheckFinding(name, testimony, seat);
    }

    private void CheckTestimony(string name, Testimony testimony, Address who, byte round, byte seat)
    {
        var attestation = testimony.Attestation.Document;
        Same($"{name}: attestation's job", _bundle.Job, attestation.Job);
        Same($"{name}: attestation's place", (round, seat), (attestation.Round, attestation.Seat));
        Same($"{name}: attestation's salt", round == 0 ? Bytes32.Zero : testimony.Salt, attestation.Salt);
        Same($"{name}: value of outputs root and units", attestation.Value, Values.Value(testimony.OutputsRoot, testimony.Units));
        CheckSigned($"{name}'s attestation", testimony.Attestation, Party(who).Signer);
    }

    private Bytes32 Opened(Testimony testimony, byte round, byte seat) =>
        Values.Seal(_bundle.Job, round, seat, testimony.Salt, testimony.Attestation.Document.Value);

    private void CheckSeal(string name, Signed<SeatCommitment> seal, Address who, byte round, byte seat, Bytes32 commitment)
    {
        Same($"{name}: seal", new SeatCommitment(_bundle.Job, round, seat, commitment), seal.Document);
        CheckSigned($"{name}'s seal", seal, Party(who).Signer);
    }

    private void CheckFinding(string name, Testimony testimony, SeatEvidence? seat)
    {
        var finding = testimony.Attestation.Document.Finding;
        if (IsExact)
        {
            Same($"{name}: finding", Finding.Value, finding);
            Require(seat?.Report is null, $"{name} has a comparison report, though values are compared exactly");
            return;
        }
        if (_bundle.Opening is null) Require(finding is Finding.Mismatch or Finding.Malformed, $"{name} found {finding} on a claim that was not opened");
        var report = EvidenceBuilder.Report(_bundle.Order.Document, testimony.OutputsRoot, testimony.Units, _bundle.Opening, _content);
        if (seat is not null) Same($"{name}: comparison report", report, seat.Report);
        if (report is null) Skip($"{name}: the outputs are not in the evidence; its finding is {finding}");
        else Same($"{name}: finding", report.Finding, finding);
    }

    private void CheckOutputs()
    {
        foreach (var output in _bundle.Outputs)
            Same($"outputs {output.Digest[..Math.Min(8, output.Digest.Length)]}…", BlobAddress.Format(BlobAddress.Of(output.Content)), output.Digest);
        Require(_bundle.Outputs.Select(o => o.Digest).Distinct().Count() == _bundle.Outputs.Count, "outputs are listed twice");
    }

    private void CheckVerdict()
    {
        var (verdict, value) = Ruling.Decide(
            _bundle.Order.Document.Comparison, _bundle.Case.Quorums, _bundle.Case.Round, [.. _bundle.Case.Seats.Select(s => s.Testimony?.Attestation.Document)],
            _bundle.Opening is { } o ? Values.Value(o.OutputsRoot, o.Units) : null);
        Same("verdict", verdict, _bundle.Verdict);
        Same("verdict's value", value, _bundle.VerdictValue);
    }

    // By the clock that the epoch's number names.
    private ulong EpochOf(ulong block, ulong? time, ulong epoch)
    {
        if (!Protocol.Chain.Sampling.IsBeacons(epoch)) return block / _bundle.EpochBlocks;
        Require(_bundle.EpochSeconds is > 0 && time is not null, "an epoch of the beacon has no length, or its block no time");
        Skip($"block {block} is of {time}; compare with the chain");
        return Protocol.Chain.Sampling.BeaconEpoch + time!.Value / _bundle.EpochSeconds!.Value;
    }

    private bool IsExact => _bundle.Order.Document.Comparison == Comparison.Exact;

    private IReadOnlyList<Address> DrawPicks(byte round, Bytes32 seed, ulong seedEpoch, uint rosterLength, IReadOnlyList<Address> excluded, int count)
    {
        var subject = new DrawSubject(
            seed, _bundle.Job, round, rosterLength, Protocol.Chain.Sampling.EndOf(seedEpoch, _bundle.EpochBlocks, _bundle.EpochSeconds ?? 0), _bundle.Order.Document.Client, excluded,
            Protocol.Chain.Sampling.IsBeacons(seedEpoch), _bundle.Order.Document.Payer);
        foreach (var place in _bundle.Places)
            if (_parties.TryGetValue(place.Operator, out var party)) Require(party.Cluster == place.Cluster, $"place {place.Place} and its operator name different clusters");
        Require(_bundle.Places.Select(p => p.Place).Distinct().Count() == _bundle.Places.Count, "a place is listed twice");
        Require(rosterLength <= int.MaxValue, "the roster is longer than any");
        return Draw.Picks(subject, new PartialRoster(_bundle.Places, rosterLength), count);
    }

    private Address Cluster(Address who) => Party(who).Cluster;

    private Party Party(Address who) =>
        _parties.TryGetValue(who, out var party) ? party : throw new DifferenceException($"the registration of {who} is missing");

    private void CheckSigned<T>(string what, Signed<T> signed, Address signer) where T : notnull
    {
        var actual = _domain.SignerOf(signed.Document, signed.Signature);
        if (actual != signer) throw new DifferenceException($"{what} is signed by {actual?.ToString() ?? "nobody"}, expected {signer}");
        Ok($"{what} is signed by {signer}");
    }

    private void CheckDocument(string what, string? text, Bytes32 digest)
    {
        if (text is null) Skip($"{what} {BlobAddress.Format(digest)} is not in the evidence");
        else Same(what, digest, CanonicalJson.Digest(Encoding.UTF8.GetBytes(text)));
    }

    private void Same<T>(string what, T expected, T actual)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new DifferenceException($"{what}: expected {Show(expected)}, the evidence says {Show(actual)}");
        Ok(what);
    }

    private static string Show<T>(T value) => value?.ToString() ?? "nothing";

    private static void Require(bool condition, string otherwise)
    {
        if (!condition) throw new DifferenceException(otherwise);
    }

    private void Ok(string what) => _lines.Add(new(what));

    private void Skip(string what) => _lines.Add(new(what, Checked: false));
}
