import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { keccak256, toHex } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { parameters as p0, USD, World } from "../support/world.mjs";
import { Action, Comparison, Finding, Outcome, Skip, State, Verdict } from "../support/words.mjs";

let world, client, operator, p;
beforeEach(async () => {
  world = await fixture();
  [client] = world.clients;
  [operator] = world.operators;
  p = world.parameters;
});

const V = 40n * USD;
const SEATS = 6n * V; // of both rounds
const ALL = 1000n * USD; // 26 prices would be six for the seats and 20 for the slash
const TOLERANCE = { comparison: Comparison.Tolerance };
const other = keccak256("0xbad0");
const stateOf = async (job) => {
  const { state, outcome } = await world.jobOf(job.id);
  return { state, outcome };
};
const record = (who) => world.read("operatorOf", who.address);
const available = async (who) => world.read("available", who.address);
const named = (events, name) => events.filter((event) => event.eventName === name).map((event) => event.args);

/** How much each figure changed while `act` ran. */
async function changes(job, act) {
  const read = async () => ({
    client: await available(client), reserved: await world.reserved(client), keeper: await available(world.stranger),
    bond: (await record(operator)).bond, locked: (await record(operator)).locked, earned: (await record(operator)).earned,
    accuserBond: (await record(job.accuser)).bond, accuserLocked: (await record(job.accuser)).locked, accuserEarned: (await record(job.accuser)).earned,
    seats: job.seats ? await Promise.all(job.seats.map(async (seat) => (await record(seat)).earned)) : [],
    seatBonds: job.seats ? await Promise.all(job.seats.map(async (seat) => (await record(seat)).bond)) : [],
    checkPool: (await world.read("pools"))[0], insurance: (await world.read("pools"))[1],
  });
  const before = await read();
  await act();
  const after = await read();
  const difference = {};
  for (const name of Object.keys(before)) {
    const change = Array.isArray(before[name]) ? after[name].map((value, i) => value - before[name][i]) : after[name] - before[name];
    if (Array.isArray(change) ? change.some((value) => value !== 0n) : change !== 0n) difference[name] = change;
  }
  return difference;
}
const certify = async (job, options) => world.send(world.stranger, "certify", ...(await world.certificate(job, options)));

describe("accusing", () => {
  it("locks the pay of both rounds' seats on both sides and the operator's slash, and freezes epoch and roster", async () => {
    const job = await world.decided();
    job.accuser = await world.drawn(job);
    const { check, checkSignature } = await world.check(job, { value: other });
    let events;
    assert.deepEqual(await changes(job, async () => ({ events } = await world.accuse({ check, checkSignature }))), {
      bond: -ALL, locked: ALL, accuserBond: -SEATS, accuserLocked: SEATS,
    });
    const epoch = await world.read("currentEpoch");
    assert.deepEqual(named(events, "ResultAccused"), [{ job: job.id, accuser: job.accuser.address, value: other, bonded: false, epoch, rosterLength: 10 }]);
    assert.equal((await stateOf(job)).state, State.Accused);
    const { accuser, bonded } = await world.read("caseOf", job.id);
    const { startedAt, rosterLength, draws } = await world.round(job);
    assert.deepEqual([accuser, bonded, startedAt, rosterLength, draws], [job.accuser.address, false, await world.now(), 10, 0]);
    await world.checkBooks();
  });

  it("is for the drawn re-executor whose turn it is, until the long review ends", async () => {
    const job = await world.decided();
    const send = async (options) => {
      return world.accuse(await world.check(job, { value: other, ...options }));
    };
    const refused = (options, code, seat = 0) => world.refuses(send(options), "WrongAttestation", job.id, seat, code);
    await refused({ by: world.stranger }, Skip.BadAttestation);
    await refused({ by: operator.signer }, Skip.BadAttestation);
    await refused({ round: 1 }, Skip.BadAttestation);
    await refused({ attempt: 3, by: world.stranger }, Skip.BadAttestation, 3);
    await refused({ attempt: 1 }, Skip.TooEarly, 1);
    for (const finding of [Finding.None, Finding.Match, Finding.Mismatch, Finding.Malformed]) await refused({ finding }, Skip.BadAttestation);
    const until = (await world.submittedAt(job)) + BigInt(p.longReview);
    const late = await world.snapshot();
    await world.at(until + 1n);
    await world.refuses(send(), "Late", until + 1n, until);
    await world.restore(late);
    await world.at(until);
    await send();
    await world.refuses(send(), "WrongState", job.id, State.Accused);
  });

  it("a tolerance job is accused by Mismatch or Malformed", async () => {
    for (const [i, finding] of [Finding.Mismatch, Finding.Malformed].entries()) {
      const job = await world.decided({ operator: world.operators[3 * i], order: { ...TOLERANCE, maxPrice: 20n * USD } });
      for (const wrong of [Finding.None, Finding.Value, Finding.Match]) {
        const { check, checkSignature } = await world.check(job, { finding: wrong });
        await world.refuses(world.accuse({ check, checkSignature }), "WrongAttestation");
      }
      await world.accuse(await world.check(job, { finding }));
      assert.equal((await stateOf(job)).state, State.Accused);
    }
    await world.checkBooks();
  });

  it("a job that is not sampled, not decided or not submitted cannot be accused", async () => {
    const unsampled = await world.decided({ operator: world.operators[1], sampled: false });
    const accuse = async (job) => world.accuse(await world.check(job, { by: world.operators[2].signer, value: other }));
    await world.refuses(accuse(unsampled), "NotSampled", unsampled.id);
    const undecided = await world.submitted();
    const { epoch } = await world.jobOf(undecided.id);
    await world.refuses(accuse(undecided), "SeedUnknown", epoch + 1n);
    const open = await world.opened();
    await world.refuses(accuse(open), "WrongState", open.id, State.Open);
  });

  it("locks unbonding stake too, so that it does not leave", async () => {
    const job = await world.decided();
    job.accuser = await world.drawn(job);
    await world.send(job.accuser, "requestUnbonding", p.minBond);
    await world.accuse(await world.check(job, { value: other }));
    const { bond, unbonding, locked } = await record(job.accuser);
    assert.deepEqual([bond, unbonding, locked], [p.minBond - SEATS, p.minBond - SEATS, SEATS]);
    await world.checkBooks();
  });

  it("locks what there is once cases have taken the bond, and a conviction pays what it can", async () => {
    const jobs = [await world.submitted({ order: { maxPrice: 37n * USD } }), await world.submitted()];
    for (const epoch of new Set(await Promise.all(jobs.map(async (job) => (await world.jobOf(job.id)).epoch)))) await world.recordSeedAfter(epoch);
    for (const job of jobs) {
      job.accuser = await world.drawn(job);
      await world.accuse(await world.check(job, { value: other }));
    }
    assert.deepEqual([(await record(operator)).bond, (await record(operator)).locked], [0n, p.minBond]);
    await world.checkBooks();
    const poor = await world.seat(jobs[1]);
    await world.commit(poor, [other, other, other]);
    await world.about(poor.id, "openClaim", poor.opening);
    // The first case holds 962, the second the last 38: a third of it for each seat, the dust for the insurance.
    const change = await changes(poor, () => certify(poor));
    assert.deepEqual([change.seats, change.bond, change.locked, change.insurance], [[12_666_666n, 12_666_666n, 12_666_666n], undefined, -38n * USD, 2n]);
    await world.pass(p.appealWindow);
    const { events } = await world.send(world.stranger, "slash", await world.jobItems(poor.id));
    // What the first case has locked is not safe from it.
    assert.equal(named(events, "StakeSlashed")[0].amount, 800n * USD);
    await world.checkBooks();
  });
});

describe("seats", () => {
  it("are drawn by the seed of the epoch after the accusation as the model says, apart from operator, accuser and each other", async () => {
    const job = await world.accused();
    const { epoch, rosterLength } = await world.round(job);
    await world.refuses(world.about(job.id, "drawSeats"), "SeedUnknown", epoch + 1n);
    await world.recordSeedAfter(epoch);
    await world.about(job.id, "drawSeats");
    const { seats, commitBy, draws } = await world.round(job);
    const roster = await Promise.all(Array.from({ length: rosterLength }, (_, i) => world.read("placeAt", i)));
    const seed = await world.read("seedOf", epoch + 1n);
    const lastBlock = (epoch + 2n) * BigInt(p.epochBlocks) - 1n;
    const excluded = roster.filter((place) => [operator.address, job.accuser.address].includes(place.operator)).map((place) => place.cluster);
    const terms = { seed, job: job.id, round: 1, roster, rosterLength, lastBlock, client: client.address, excluded };
    assert.deepEqual(seats, model.picks(terms, 3));
    assert.deepEqual([commitBy, draws], [(await world.now()) + BigInt(p.commitWindow), 3]);
    await world.refuses(world.about(job.id, "drawSeats"), "SeatsKnown", job.id);
  });

  it("cannot be drawn from too small a roster; the case can only lapse", async () => {
    const own = await World.create();
    await own.fund(own.clients[0], 1000n * USD);
    for (const each of own.operators.slice(0, 8)) await own.register(each);
    const job = await own.decided();
    job.accuser = await own.drawn(job);
    const leavers = own.operators.slice(1, 8).filter((each) => each.address !== job.accuser.address);
    for (const leaver of leavers) await own.send(leaver, "requestUnbonding", 1n);
    await own.accuse(await own.check(job, { value: other }));
    await own.recordSeedAfter((await own.round(job)).epoch);
    await own.refuses(own.about(job.id, "drawSeats"), "RosterExhausted", 0n, 3n);
    await own.pass(p.verdictWindow + 1);
    await own.send(own.stranger, "lapse", await own.jobItems(job.id));
    assert.equal((await own.jobOf(job.id)).state, State.Refunded);
    await own.checkBooks();
    await own.connection.close();
  });

  it("commit once each, signed by the seat's operator, and seal the case together", async () => {
    const job = await world.seated();
    const items = await Promise.all([0, 1, 2].map((seat) => world.seatItem(job, seat, job.value)));
    const refused = (item, code) => world.refuses(world.send(world.stranger, "commitSeats", [item]), "Skipped", code);
    await refused(await world.seatItem(job, 0, job.value, job.seats[1].signer), Skip.BadOperatorSignature);
    await refused({ ...items[0], commitment: { ...items[0].commitment, seat: 1 } }, Skip.BadOperatorSignature);
    await refused(await world.seatItem(job, 0, job.value, undefined, { round: 2 }), Skip.WrongState);
    await refused(await world.seatItem(job, 0, job.value, undefined, { commitment: model.ZERO32 }), Skip.BadTerms);
    await refused(await world.seatItem(job, 3, job.value, job.seats[0].signer), Skip.WrongState);
    await world.send(world.stranger, "commitSeats", [items[0]]);
    await refused(items[0], Skip.WrongState);
    const { events } = await world.send(world.stranger, "commitSeats", [items[0], items[1], items[2]]);
    assert.deepEqual(named(events, "ItemSkipped"), [{ job: job.id, action: Action.CommitSeat, code: Skip.WrongState }]);
    assert.deepEqual(named(events, "SeatCommitted").map((args) => [args.seat, args.operator]), [[1, job.seats[1].address], [2, job.seats[2].address]]);
    const revealBy = (await world.now()) + BigInt(p.revealWindow);
    assert.deepEqual(named(events, "SeatsSealed"), [{ job: job.id, round: 1, revealBy }]);
    assert.equal((await world.round(job)).revealBy, revealBy);
  });

  it("may commit until the window's last second; a silent one is replaced after it and struck", async () => {
    const job = await world.seated();
    const { commitBy } = await world.round(job);
    const items = await Promise.all([0, 1, 2].map((seat) => world.seatItem(job, seat, job.value)));
    await world.send(world.stranger, "commitSeats", [items[0]]);
    await world.at(commitBy - 1n);
    await world.refuses(world.about(job.id, "refillSeat", 1, "0x"), "Early", commitBy - 1n, commitBy + 1n);
    await world.at(commitBy);
    await world.send(world.stranger, "commitSeats", [items[2]]);
    await world.refuses(world.send(world.stranger, "commitSeats", [items[1]]), "Skipped", Skip.TooLate);
    await world.refuses(world.about(job.id, "refillSeat", 0, "0x"), "SeatNotOpen", job.id, 0);
    await world.refuses(world.about(job.id, "refillSeat", 3, "0x"), "SeatNotOpen", job.id, 3);
    const { events } = await world.about(job.id, "refillSeat", 1, "0x");
    const after = await world.round(job);
    assert.deepEqual(named(events, "OperatorStruck"), [{ operator: job.seats[1].address, job: job.id, outcome: Outcome.Inconclusive, count: 1 }]);
    assert.deepEqual([after.draws, after.commitBy], [4, (await world.now()) + BigInt(p.commitWindow)]);
    const fresh = world.operatorAt(after.seats[1]);
    assert.ok(![operator, job.accuser, ...job.seats].some((each) => each.address === fresh.address));
    assert.deepEqual(named(events, "SeatRefilled"), [{ job: job.id, round: 1, seat: 1, from: job.seats[1].address, to: fresh.address, failed: false, commitBy: after.commitBy }]);
    await world.refuses(world.send(world.stranger, "commitSeats", [items[1]]), "Skipped", Skip.BadOperatorSignature);
    job.seats[1] = fresh;
    await world.send(world.stranger, "commitSeats", [await world.seatItem(job, 1, job.value)]);
    job.values = [job.value, job.value, job.value];
    await world.about(job.id, "openClaim", job.opening);
    await certify(job);
    assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Cleared });
    await world.checkBooks();
  });

  it("before the draw there is nothing to commit or refill", async () => {
    const job = await world.accused();
    job.seats = world.operators;
    await world.refuses(world.send(world.stranger, "commitSeats", [await world.seatItem(job, 0, job.value)]), "Skipped", Skip.WrongState);
    await world.refuses(world.about(job.id, "refillSeat", 0, "0x"), "SeatNotOpen", job.id, 0);
  });
});

describe("opening the claim", () => {
  it("waits for all seats, needs the right opening, happens once", async () => {
    const job = await world.seated();
    const items = await Promise.all([0, 1, 2].map((seat) => world.seatItem(job, seat, job.value)));
    await world.send(world.stranger, "commitSeats", items.slice(0, 2));
    await world.refuses(world.about(job.id, "openClaim", job.opening), "SeatsNotSealed", job.id);
    await world.send(world.stranger, "commitSeats", [items[2]]);
    await world.refuses(world.about(job.id, "openClaim", { ...job.opening, units: 1n }), "WrongOpening", job.id);
    const { events } = await world.about(job.id, "openClaim", job.opening);
    assert.deepEqual(events[0].args, { job: job.id, ...job.opening });
    const { claimOpened, claim } = await world.read("caseOf", job.id);
    assert.deepEqual([claimOpened, claim], [true, job.value]);
    await world.refuses(world.about(job.id, "openClaim", job.opening), "ClaimKnown", job.id);
  });
});

describe("the certificate", () => {
  describe("given three seats that confirm the claim", () => {
    it("clears: the operator is paid, the accuser pays the seats, the keeper its part", async () => {
      const job = await world.openedClaim();
      const paid = 30n * USD;
      const cost = model.recordFee(p, 1_000_000, paid);
      let events;
      const change = await changes(job, async () => ({ events } = await certify(job)));
      assert.deepEqual(change, {
        client: V - paid, reserved: -(V + model.fee(p, V)), keeper: p.keeperPart, bond: ALL, locked: -ALL, earned: paid - cost,
        accuserBond: 3n * V, accuserLocked: -SEATS, seats: [V, V, V], checkPool: model.fee(p, V) - p.keeperPart + cost,
      });
      assert.deepEqual(named(events, "VerdictReached"), [{ job: job.id, round: 1, verdict: Verdict.Cleared, value: job.value, evidence: keccak256(toHex("evidence")) }]);
      assert.deepEqual(named(events, "RewardReleased").map((args) => [args.outcome, args.outputsRoot, args.units, args.reexecutor]), [
        [Outcome.Cleared, job.opening.outputsRoot, 30n, model.ZERO],
      ]);
      assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Cleared });
      assert.equal((await record(operator)).clean, 1);
      await world.checkBooks();
    });
  });

  describe("given three seats that agree on another value", () => {
    it("convicts: the operator pays the seats, the accuser has its lock back, nothing is slashed yet", async () => {
      const job = await world.openedClaim({ values: () => [other, other, other] });
      let events;
      const change = await changes(job, async () => ({ events } = await certify(job)));
      assert.deepEqual(change, { bond: 2n * V, locked: -5n * V, accuserBond: SEATS, accuserLocked: -SEATS, seats: [V, V, V] });
      assert.deepEqual(named(events, "VerdictReached").map((args) => [args.verdict, args.value]), [[Verdict.Convicted, other]]);
      assert.deepEqual(await stateOf(job), { state: State.Convicted, outcome: Outcome.None });
      assert.equal((await world.read("caseOf", job.id)).slashableAt, (await world.now()) + BigInt(p.appealWindow));
      await world.checkBooks();
    });

    it("convicts a claim that was never opened once the reveal window is over, whatever the value", async () => {
      const says = [() => [other, other, other], (job) => [job.value, job.value, job.value]];
      for (const [i, values] of says.entries()) {
        const job = await world.sealed({ operator: world.operators[i], values });
        const { revealBy } = await world.round(job);
        const certificate = await world.certificate(job);
        await world.at(revealBy);
        await world.refuses(world.send(world.stranger, "certify", ...certificate), "Early", revealBy, revealBy + 1n);
        await world.send(world.stranger, "certify", ...certificate);
        assert.equal((await stateOf(job)).state, State.Convicted);
        await world.checkBooks();
      }
    });
  });

  describe("given seats that do not agree", () => {
    it("begins the second round, and pays nobody yet", async () => {
      const job = await world.openedClaim({ values: (job) => [job.value, other, other] });
      let events;
      assert.deepEqual(await changes(job, async () => ({ events } = await certify(job))), {});
      const epoch = await world.read("currentEpoch");
      assert.deepEqual(named(events, "VerdictReached").map((args) => [args.round, args.verdict, args.value]), [[1, Verdict.Inconclusive, model.ZERO32]]);
      assert.deepEqual(named(events, "ResultAppealed"), [{ job: job.id, appellant: model.ZERO, epoch, rosterLength: 10 }]);
      assert.deepEqual(await stateOf(job), { state: State.Appealed, outcome: Outcome.None });
      const { round, first } = await world.read("caseOf", job.id);
      assert.deepEqual([round, first], [2, Verdict.Inconclusive]);
      await world.checkBooks();
    });
  });

  describe("given a seat that does not open", () => {
    const penalty = (V * BigInt(p0.seatPenaltyPpm)) / model.PPM;

    it("waits for two reveal windows, then the seat pays and the second round begins", async () => {
      const job = await world.openedClaim();
      const { revealBy } = await world.round(job);
      const certificate = await world.certificate(job, { silent: [1] });
      const last = revealBy + BigInt(p.revealWindow);
      await world.at(last);
      await world.refuses(world.send(world.stranger, "certify", ...certificate), "Early", last, last + 1n);
      const change = await changes(job, () => world.send(world.stranger, "certify", ...certificate));
      assert.deepEqual([change.seatBonds, change.insurance, change.seats], [[0n, -penalty, 0n], penalty, undefined]);
      assert.equal((await stateOf(job)).state, State.Appealed);
      await world.checkBooks();
    });

    it("three silent seats: three penalties, and the second round", async () => {
      const job = await world.sealed();
      await world.pass(2 * p.revealWindow + 1);
      const change = await changes(job, () => certify(job, { silent: [0, 1, 2] }));
      assert.deepEqual([change.seatBonds, change.insurance, change.seats], [[-penalty, -penalty, -penalty], 3n * penalty, undefined]);
      assert.equal((await stateOf(job)).state, State.Appealed);
      await world.checkBooks();
    });
  });

  describe("given a tolerance job", () => {
    const values = (job) => [0, 1, 2].map((seat) => keccak256(toHex(`${job.id} own ${seat}`)));
    const tolerance = { order: TOLERANCE, values };
    const { Match, Mismatch, Malformed, Value, None } = Finding;

    it("three Match clear", async () => {
      const job = await world.openedClaim(tolerance);
      await certify(job, { findings: [Match, Match, Match] });
      assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Cleared });
      await world.checkBooks();
    });

    it("Mismatch and Malformed together convict", async () => {
      const job = await world.openedClaim(tolerance);
      await certify(job, { findings: [Mismatch, Malformed, Mismatch] });
      assert.equal((await stateOf(job)).state, State.Convicted);
      await world.checkBooks();
    });

    it("a mixture brings the second round", async () => {
      const job = await world.openedClaim(tolerance);
      await certify(job, { findings: [Mismatch, Match, Malformed] });
      assert.equal((await stateOf(job)).state, State.Appealed);
      await world.checkBooks();
    });

    it("nobody matches a claim that was not opened", async () => {
      const job = await world.sealed(tolerance);
      await world.pass(p.revealWindow + 1);
      const refused = await world.certificate(job, { findings: [Match, Match, Match] });
      await world.refuses(world.send(world.stranger, "certify", ...refused), "WrongAttestation", job.id, 0, Skip.BadAttestation);
      await certify(job, { findings: [Mismatch, Mismatch, Mismatch] });
      assert.equal((await stateOf(job)).state, State.Convicted);
      await world.checkBooks();
    });

    it("Value and None say nothing", async () => {
      const job = await world.openedClaim(tolerance);
      for (const finding of [Value, None]) {
        await world.refuses(certify(job, { findings: [finding, Match, Match] }), "WrongAttestation", job.id, 0, Skip.BadAttestation);
      }
    });
  });

  it("carries only what the seats committed to and signed", async () => {
    const job = await world.openedClaim();
    const refused = async (seat, change) =>
      world.refuses(certify(job, { change: (at) => (at === seat ? change : {}) }), "WrongAttestation", job.id, seat, Skip.BadAttestation);
    await refused(0, { value: other });
    await refused(1, { salt: other });
    await refused(2, { round: 0 });
    await refused(0, { seat: 1 });
    await refused(1, { job: other });
    await refused(2, { finding: Finding.Match });
    const [id, record_, attestations, signatures, evidence] = await world.certificate(job);
    await world.refuses(
      world.send(world.stranger, "certify", id, record_, attestations, [signatures[1], signatures[0], signatures[2]], evidence), "WrongAttestation", id, 0, Skip.BadAttestation,
    );
    const early = await world.seated({ operator: world.operators[2], order: { maxPrice: 20n * USD } });
    early.values = job.values;
    await world.refuses(certify(early), "SeatsNotSealed", early.id);
  });

  it("comes until the verdict window ends, and then only a lapse does", async () => {
    const job = await world.openedClaim();
    const { startedAt: accusedAt } = await world.round(job);
    const until = accusedAt + BigInt(p.verdictWindow);
    const certificate = await world.certificate(job);
    const start = await world.snapshot();
    await world.at(until + 1n);
    await world.refuses(world.send(world.stranger, "certify", ...certificate), "Late", until + 1n, until);
    await world.restore(start);
    await world.at(until);
    await world.refuses(world.send(world.stranger, "lapse", await world.jobItems(job.id)), "Skipped", Skip.TooEarly);
    const change = await changes(job, async () => world.send(world.stranger, "lapse", await world.jobItems(job.id)));
    assert.deepEqual(change, {
      client: V + model.fee(p, V) - p.keeperPart, reserved: -(V + model.fee(p, V)), keeper: p.keeperPart,
      bond: ALL, locked: -ALL, accuserBond: SEATS, accuserLocked: -SEATS,
    });
    assert.deepEqual(await stateOf(job), { state: State.Refunded, outcome: Outcome.Inconclusive });
    await world.checkBooks();
  });
});

describe("slashing", () => {
  it("waits for the appeal window and splits the stake to the unit", async () => {
    const job = await world.convicted();
    const { slashableAt } = await world.read("caseOf", job.id);
    const { bond, locked } = await record(operator);
    assert.deepEqual([bond, locked], [2n * V, 20n * V]);
    const share = model.slash(p, { amount: locked, maxPrice: V });
    await world.at(slashableAt - 1n);
    await world.refuses(world.send(world.stranger, "slash", await world.jobItems(job.id)), "Skipped", Skip.TooEarly);
    let events;
    const change = await changes(job, async () => ({ events } = await world.send(world.stranger, "slash", await world.jobItems(job.id))));
    assert.deepEqual(change, {
      client: V + model.fee(p, V) + share.compensation, reserved: -(V + model.fee(p, V)), keeper: share.keeper, locked: -locked,
      accuserEarned: share.accuserReward, insurance: share.insured,
    });
    assert.deepEqual(named(events, "StakeSlashed"), [{
      job: job.id, operator: operator.address, amount: locked, compensation: share.compensation, accuserReward: share.accuserReward, insured: share.insured,
    }]);
    assert.deepEqual(await stateOf(job), { state: State.Slashed, outcome: Outcome.WrongResult });
    await world.checkBooks();
  });

  it("jails the operator and forgets its record", async () => {
    const cheat = world.operators[1];
    const job = await world.convicted({ operator: cheat });
    await world.pass(p.appealWindow);
    const { events } = await world.send(world.stranger, "slash", await world.jobItems(job.id));
    assert.deepEqual(named(events, "OperatorRetired"), [{ operator: cheat.address, place: 1, jailed: true }]);
    const { active, clean, bond } = await record(cheat);
    assert.deepEqual([active, clean, bond], [false, 0, p.minBond - 3n * V - 800n * USD]);
    await world.refuses(world.send(cheat, "rejoin"), "BondTooSmall");
  });

  it("takes no more than the bond held", async () => {
    const job = await world.convicted({ order: { maxPrice: 50n * USD } });
    const { bond, locked } = await record(operator);
    await world.pass(p.appealWindow);
    await world.send(world.stranger, "slash", await world.jobItems(job.id));
    assert.deepEqual([bond, locked], [0n, 850n * USD]); // of 1000
    assert.deepEqual([(await record(operator)).bond, (await record(operator)).locked], [0n, 0n]);
    await world.checkBooks();
  });

  it("two convictions together never take more than there is", async () => {
    const jobs = [await world.convicted({ order: { maxPrice: 10n * USD } }), await world.convicted({ order: { maxPrice: 37n * USD } })];
    await world.pass(p.appealWindow);
    const before = (await record(operator)).locked;
    const { events } = await world.send(world.stranger, "slash", await world.jobItems(...jobs.map((job) => job.id)));
    const amounts = named(events, "StakeSlashed").map((args) => args.amount);
    assert.deepEqual([amounts[0] + amounts[1], (await record(operator)).locked], [before, 0n]);
    assert.equal(named(events, "OperatorRetired").length, 1);
    await world.checkBooks();
  });

  it("a tolerance conviction costs the price, no jail, and the record", async () => {
    const cheat = world.operators[1];
    const values = () => [other, other, other];
    const job = await world.convicted({
      operator: cheat, order: TOLERANCE, values, certificate: { findings: [Finding.Mismatch, Finding.Mismatch, Finding.Malformed] },
    });
    await world.pass(p.appealWindow);
    const { events } = await world.send(world.stranger, "slash", await world.jobItems(job.id));
    const share = model.slash(p, { amount: V, maxPrice: V });
    assert.deepEqual(named(events, "StakeSlashed"), [{
      job: job.id, operator: cheat.address, amount: V, compensation: share.compensation, accuserReward: share.accuserReward, insured: share.insured,
    }]);
    const { active, clean } = await record(cheat);
    assert.deepEqual([active, clean], [true, 0]);
    await world.checkBooks();
  });

  it("a bad item leaves the batch alone, in slash and in lapse", async () => {
    const job = await world.convicted();
    await world.pass(p.appealWindow);
    const { events } = await world.send(world.stranger, "slash", await world.jobItems(other, job.id));
    assert.deepEqual(events[0].args, { job: other, action: Action.Slash, code: Skip.WrongState });
    assert.equal((await stateOf(job)).state, State.Slashed);
    const case2 = await world.accused({ operator: world.operators[2] });
    await world.pass(p.verdictWindow + 1);
    const lapsed = await world.send(world.stranger, "lapse", await world.jobItems(job.id, case2.id));
    assert.deepEqual(lapsed.events[0].args, { job: job.id, action: Action.Lapse, code: Skip.WrongState });
    assert.equal((await stateOf(case2)).state, State.Refunded);
    await world.checkBooks();
  });
});
