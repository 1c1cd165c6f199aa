// Attacks that once worked. Each test is named after the rule that stops it.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { keccak256, toHex } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD } from "../support/world.mjs";
import { Comparison, Finding, Outcome, Skip, State } from "../support/words.mjs";

let world, operator, p;
beforeEach(async () => {
  world = await fixture();
  [operator] = world.operators;
  p = world.parameters;
});

const V = 40n * USD;
const other = keccak256("0xbad0");
const record = (who) => world.read("operatorOf", who.address);
const send = (name, ...args) => world.send(world.stranger, name, ...args);
const stateOf = async (job) => {
  const { state, outcome } = await world.jobOf(job.id);
  return { state, outcome };
};
const named = (events, name) => events.filter((event) => event.eventName === name).map((event) => event.args);
const penaltyOf = (price) => (price * BigInt(p.seatPenaltyPpm)) / model.PPM;

/** The re-executor agreed, and a front-runner sent its word as an accusation. */
async function framed(job) {
  job.accuser = await world.drawn(job);
  const { check, checkSignature } = await world.check(job);
  await world.passReview(job);
  await world.accuse({ check, checkSignature });
  return world.releaseItem(job, { check, checkSignature });
}

async function seat(job, values) {
  await world.seat(job);
  await world.commit(job, values);
}

describe("a re-executor that confirmed a result", () => {
  it("is paid by the very release that a front-runner tried to stop with an accusation in its name", async () => {
    const job = await world.decided();
    const item = await framed(job);
    const { bond } = await record(job.accuser);
    assert.equal(bond, p.minBond - 6n * V);
    const { earned } = await record(job.accuser);
    const { events } = await send("release", [item]);
    assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Checked });
    assert.deepEqual(named(events, "RewardReleased").map((args) => [args.units, args.reexecutor]), [[30n, job.accuser.address]]);
    const after = await record(job.accuser);
    assert.deepEqual([after.bond, after.locked, after.earned - earned], [p.minBond, 0n, 30n * USD]);
    assert.deepEqual([(await record(operator)).bond, (await record(operator)).locked], [p.minBond, 0n]);
    await world.checkBooks();
  });

  it("does not pay the seats of a case opened in its name: the claim's opening ends it as checked", async () => {
    const job = await world.decided();
    await framed(job);
    await seat(job, [job.value, job.value, job.value]);
    const { earned } = await record(job.accuser);
    await world.about(job.id, "openClaim", job.opening);
    assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Checked });
    const after = await record(job.accuser);
    assert.deepEqual([after.bond, after.locked, after.earned - earned], [p.minBond, 0n, 30n * USD]);
    assert.equal((await record(operator)).clean, 1);
    await world.checkBooks();
  });

  it("does not shorten the review by an accusation", async () => {
    const job = await world.decided();
    job.accuser = await world.drawn(job);
    const check = await world.check(job);
    await world.accuse(check);
    const from = (await world.submittedAt(job)) + BigInt(p.reviewWindow);
    const item = await world.releaseItem(job, check);
    await world.at(from - 1n);
    await world.refuses(send("release", [item]), "Skipped", Skip.TooEarly);
    const wrong = { ...item, opening: { ...item.opening, salt: other } };
    await world.refuses(send("release", [wrong]), "Skipped", Skip.BadOpening);
    await send("release", [item]);
    assert.equal((await stateOf(job)).state, State.Released);
  });

  it("is not confused with an accuser: another value, another opening or a tolerance case ends only by its seats", async () => {
    const accused = await world.accused();
    const own = await world.releaseItem(accused);
    await world.refuses(send("release", [own]), "Skipped", Skip.WrongState);
    const forged = { ...own, opening: { ...own.opening, units: 1n } };
    await world.refuses(send("release", [forged]), "Skipped", Skip.WrongState);
    const job = await world.decided({ order: { comparison: Comparison.Tolerance, maxPrice: 20n * USD }, operator: world.operators[2] });
    await world.accuse(await world.check(job, { finding: Finding.Mismatch }));
    await world.refuses(send("release", [await world.releaseItem(job)]), "Skipped", Skip.WrongState);
    await seat(job, [0, 1, 2].map((i) => keccak256(toHex(`own ${i}`))));
    await world.about(job.id, "openClaim", job.opening);
    assert.equal((await stateOf(job)).state, State.Accused);
  });
});

describe("a certificate without a seat's opening", () => {
  it("cannot be raced against the full one: an operator that never opens is convicted first", async () => {
    const job = await world.sealed({ values: () => [other, other, other] });
    const { revealBy } = await world.round(job);
    const empty = await world.certificate(job, { silent: [0, 1, 2] });
    const full = await world.certificate(job);
    const last = revealBy + BigInt(p.revealWindow);
    await world.at(last);
    await world.refuses(send("certify", ...empty), "Early", last, last + 1n);
    await send("certify", ...full);
    assert.equal((await stateOf(job)).state, State.Convicted);
    await world.checkBooks();
  });

  it("is taken after a second reveal window", async () => {
    const job = await world.sealed({ values: () => [other, other, other] });
    const { revealBy } = await world.round(job);
    const certificate = await world.certificate(job, { silent: [2] });
    await world.at(revealBy + BigInt(p.revealWindow) + 1n);
    await send("certify", ...certificate);
    assert.equal((await stateOf(job)).state, State.Appealed);
    assert.equal((await record(job.seats[2])).bond, p.minBond - penaltyOf(V));
    await world.checkBooks();
  });
});

describe("a seat", () => {
  /** The second seat seals the very word that `copied` seals. */
  async function copying(job, copied) {
    job.values = [job.value, job.value, job.value];
    const items = await Promise.all([0, 1, 2].map((i) => world.seatItem(job, i, job.value)));
    items[1] = await world.seatItem(job, 1, job.value, undefined, { commitment: copied(items) });
    await send("commitSeats", items);
    await world.about(job.id, "openClaim", job.opening);
  }
  const cannotOpen = async (job, change) =>
    world.refuses(send("certify", ...(await world.certificate(job, { change: (i) => (i === 1 ? change : {}) }))), "WrongAttestation", job.id, 1, Skip.BadAttestation);

  it("that copied another's seal cannot open it with the other's words, for the seal is bound to its seat", async () => {
    const job = await world.seated();
    const salt = keccak256(toHex("seat 0"));
    await copying(job, ([first]) => first.commitment.commitment);
    for (const change of [{}, { salt }, { salt, seat: 0 }]) await cannotOpen(job, change);
    const { revealBy } = await world.round(job);
    const silent = await world.certificate(job, { silent: [1] });
    await world.at(revealBy + BigInt(p.revealWindow) + 1n);
    await send("certify", ...silent);
    // Silent it is, and pays for it; the second round decides.
    assert.equal((await stateOf(job)).state, State.Appealed);
    assert.equal((await record(job.seats[1])).bond, p.minBond - penaltyOf(V));
    await world.checkBooks();
  });

  it("that copied the claim's seal cannot open it with the claim's salt", async () => {
    const job = await world.seated();
    await copying(job, () => job.result.commitment);
    for (const change of [{}, { salt: job.opening.salt }]) await cannotOpen(job, change);
  });

  it("cannot open the seal of its own that it made for another case", async () => {
    const [one, two] = [await world.seated({ order: { maxPrice: 20n * USD } }), await world.seated({ operator: world.operators[2], order: { maxPrice: 20n * USD } })];
    const foreign = model.sealOf({ job: two.id, round: 1, seat: 1, salt: keccak256(toHex("seat 1")), value: one.value });
    await copying(one, () => foreign);
    for (const change of [{}, { job: two.id }]) await cannotOpen(one, change);
  });
});

describe("a seed that comes late", () => {
  const lateSeed = async (seconds) => {
    const job = await world.submitted();
    const { epoch, submittedAt } = await world.jobOf(job.id);
    await world.mine(2 * p.epochBlocks);
    await world.at(submittedAt + BigInt(seconds));
    await send("recordSeed", epoch + 1n);
    return { job, seededAt: submittedAt + BigInt(seconds), late: BigInt(seconds - p.reviewWindow) };
  };

  it("leaves the drawn re-executors their time before a result is released unchecked", async () => {
    const { job, late } = await lateSeed(p.longReview);
    const item = await world.releaseItem(job);
    await world.refuses(send("release", [item]), "Skipped", Skip.CheckMissing);
    const until = (await world.submittedAt(job)) + BigInt(p.longReview) + late;
    job.accuser = await world.drawn(job);
    const { check, checkSignature } = await world.check(job, { value: other });
    const before = await world.snapshot();
    await world.at(until);
    await world.accuse({ check, checkSignature });
    await world.restore(before);
    await world.at(until - 1n);
    await world.refuses(send("release", [item]), "Skipped", Skip.CheckMissing);
    await send("release", [item]);
    assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Unchecked });
    await world.checkBooks();
  });

  it("leaves the first re-executor its turn", async () => {
    const { job, seededAt } = await lateSeed(3 * p.checkWindow);
    const second = await world.check(job, { attempt: 1 });
    await world.refuses(send("release", [await world.releaseItem(job, second)]), "Skipped", Skip.TooEarly);
    await world.at(seededAt + BigInt(p.checkWindow - p.reviewWindow));
    await send("release", [await world.releaseItem(job, second)]);
    assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Checked });
  });

  it("does not make a no-show of an operator that could not be paid earlier", async () => {
    const { job, seededAt } = await lateSeed(p.longReview + p.openWindow + 1);
    await world.refuses(send("expire", await world.jobItems(job.id)), "Skipped", Skip.TooEarly);
    await world.at(seededAt + BigInt(p.longReview - p.reviewWindow));
    await send("release", [await world.releaseItem(job)]);
    assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Unchecked });
    await world.checkBooks();
  });
});

describe("stake", () => {
  it("does not leave while what stays would not cover the slash of every job in flight", async () => {
    const job = await world.submitted();
    await world.send(operator, "requestUnbonding", p.minBond);
    await world.pass(p.unbondingDelay);
    await world.refuses(world.send(operator, "withdrawBond"), "BondTooSmall", 0n, 20n * V);
    const { epoch } = await world.jobOf(job.id);
    await world.recordSeedAfter(epoch);
    await world.pass(p.longReview + p.openWindow);
    await send("release", [await world.releaseItem(job)]);
    await world.send(operator, "withdrawBond");
    assert.equal(await world.balance(operator.address), p.minBond);
    await world.checkBooks();
  });

  it("leaves while jobs run that the rest of the bond covers", async () => {
    await world.toToken(operator, "mint", operator.address, 10n * USD);
    await world.send(operator, "addBond", 10n * USD);
    await world.send(operator, "requestUnbonding", 10n * USD);
    await world.pass(p.unbondingDelay);
    await world.opened();
    await world.send(operator, "withdrawBond");
    assert.equal(await world.balance(operator.address), 10n * USD);
  });

  it("is pledged to the first accusation, so that later cases cannot lock it away from its slash", async () => {
    const decoys = [];
    for (let i = 0; i < 6; i++) decoys.push(await world.decided());
    const job = await world.convicted();
    for (const decoy of decoys) await world.accuse(await world.check(decoy, { value: other }));
    assert.deepEqual([(await record(operator)).bond, (await record(operator)).locked], [0n, 22n * V]);
    if ((await world.now()) < (await world.read("caseOf", job.id)).slashableAt) await world.pass(p.appealWindow);
    const { events } = await send("slash", await world.jobItems(job.id));
    assert.equal(named(events, "StakeSlashed")[0].amount, 20n * V);
    await world.pass(p.verdictWindow + 1);
    await send("lapse", await world.jobItems(...decoys.map((decoy) => decoy.id)));
    assert.deepEqual([(await record(operator)).bond, (await record(operator)).locked], [2n * V, 0n]);
    await world.checkBooks();
  });
});

describe("a place of the roster", () => {
  it("is not left and taken again faster than stake unbonds, so the draw cannot be filled with retired places", async () => {
    await world.send(operator, "requestUnbonding", 1n);
    const { unbondsAt } = await record(operator);
    await world.toToken(operator, "mint", operator.address, 1n);
    await world.send(operator, "addBond", 1n);
    await world.at(unbondsAt - 1n);
    await world.refuses(world.send(operator, "rejoin"), "Early", unbondsAt - 1n, unbondsAt);
    await world.send(operator, "rejoin");
    assert.equal((await record(operator)).active, true);
  });

  it("is not got back at once by jobs that one accepts from oneself and lets expire", async () => {
    for (let i = 0; i < p.noShowsToJail; i++) {
      const job = await world.opened({ order: { maxPrice: 1n, runWindow: 1 } });
      await world.pass(2);
      await send("expire", await world.jobItems(job.id));
    }
    assert.equal((await record(operator)).active, false);
    await world.refuses(world.send(operator, "rejoin"), "Early");
  });

  it("is lost with half of the least bond, so that nobody accuses or sits with nothing to lose", async () => {
    const lose = async () => {
      for (;;) {
        const job = await world.decided({ order: { maxPrice: 50n * USD } });
        job.accuser = await world.drawn(job);
        if (job.accuser.address === liar.address) {
          await world.accuse(await world.check(job, { value: other }));
          await seat(job, [job.value, job.value, job.value]);
          await world.about(job.id, "openClaim", job.opening);
          return send("certify", ...(await world.certificate(job)));
        }
        await world.passReview(job);
        await send("release", [await world.releaseItem(job, await world.check(job))]);
      }
    };
    const liar = world.operators[3];
    for (let lost = 0; lost < 3; lost++) await lose();
    assert.deepEqual([(await record(liar)).bond, (await record(liar)).active], [550n * USD, true]);
    const { events } = await lose();
    assert.deepEqual(named(events, "OperatorRetired"), [{ operator: liar.address, place: 3, jailed: false }]);
    assert.deepEqual([(await record(liar)).bond, (await record(liar)).active], [400n * USD, false]);
    await world.checkBooks();
  });
});

describe("self-challenge", () => {
  const [ally, price] = [1, 20n * USD];
  const ring = (world) => Promise.all([world.operators[1].address, world.clients[ally].address].map(async (who) => {
    const { bond, locked, earned } = await world.read("operatorOf", who);
    return bond + locked + earned + (await world.read("available", who));
  }));
  const sum = (list) => list.reduce((a, b) => a + b, 0n);

  for (const [says, least] of [["is convicted", 10n], ["is cleared", 2n]]) {
    it(`does not pay a ring of client, operator and challenger that ${says}: it loses ${least} prices or more`, async () => {
      const client = world.clients[ally];
      const before = sum(await ring(world));
      const job = await world.submitted({ operator: world.operators[1], client, order: { maxPrice: price } });
      await send("challenge", ...(await world.pledge(job, 1, client)));
      await seat(job, Array(3).fill(says === "is convicted" ? other : job.value));
      await world.about(job.id, "openClaim", job.opening);
      await send("certify", ...(await world.certificate(job)));
      if (says === "is convicted") {
        await world.pass(p.appealWindow);
        await send("slash", await world.jobItems(job.id));
      }
      assert.ok(before - sum(await ring(world)) >= least * price);
      await world.checkBooks();
    });
  }

  it("cannot come from the accused operator itself", async () => {
    const job = await world.submitted();
    await world.refuses(send("challenge", ...(await world.pledge(job, 1, operator, operator.signer))), "WrongPledge", job.id);
  });
});

describe("committee grinding", () => {
  it("finds nothing to choose: seats follow from a roster and an epoch that the accusation froze before its seed", async () => {
    const job = await world.accused();
    const { epoch, rosterLength } = await world.round(job);
    await world.refuses(world.about(job.id, "drawSeats"), "SeedUnknown", epoch + 1n);
    // Places taken after the accusation do not move the draw.
    const late = world.person(10);
    await world.register(late);
    await world.recordSeedAfter(epoch);
    await world.refuses(send("recordSeed", epoch + 1n), "SeedKnown", epoch + 1n);
    const start = await world.snapshot();
    const draw = async (wait) => {
      await world.pass(wait);
      await world.about(job.id, "drawSeats");
      return (await world.round(job)).seats;
    };
    const seats = await draw(1);
    await world.restore(start);
    assert.deepEqual(await draw(77), seats);
    assert.equal((await world.round(job)).rosterLength, rosterLength);
    assert.ok(!seats.includes(late.address));
    await world.refuses(world.about(job.id, "drawSeats"), "SeatsKnown", job.id);
  });

  it("by silence only costs the silent: a refill goes to the next of the same draw", async () => {
    const job = await world.seated();
    await world.pass(p.commitWindow + 1);
    const { events } = await world.about(job.id, "refillSeat", 2, "0x");
    assert.equal(named(events, "OperatorStruck").length, 1);
    const [{ to }] = named(events, "SeatRefilled");
    assert.ok(![operator, job.accuser, ...job.seats].some(({ address }) => address === to));
  });
});

describe("griefing by appeal", () => {
  it("costs a cheat more than its slash, keeps its stake locked all the while, and delays once", async () => {
    const price = 20n * USD;
    const plain = await world.convicted({ order: { maxPrice: price } });
    await world.pass(p.appealWindow);
    const { events } = await send("slash", await world.jobItems(plain.id));
    const cheat = world.operators[2];
    const before = (await record(cheat)).bond;
    const job = await world.appealed({ operator: cheat, order: { maxPrice: price } });
    assert.equal((await record(cheat)).locked, 23n * price);
    await world.judgedAgain(job, (job) => job.seats.map(() => other));
    await send("certify", ...(await world.certificate(job)));
    await world.refuses(send("appeal", ...(await world.pledge(job, 2, cheat, cheat.signer))), "NoAppeal", job.id);
    const slashed = await send("slash", await world.jobItems(job.id));
    assert.equal(named(slashed.events, "StakeSlashed")[0].amount, named(events, "StakeSlashed")[0].amount);
    // It had added three prices for the appeal; a cheat that does not appeal loses 23.
    assert.equal(before + 3n * price - (await record(cheat)).bond, 26n * price);
    await world.checkBooks();
  });
});

describe("exit before slash", () => {
  it("does not outrun a second round: what the accusation locked is no bond to unbond", async () => {
    const job = await world.appealed({ order: { maxPrice: 20n * USD } });
    const { bond, unbonding } = await record(operator);
    await world.send(operator, "requestUnbonding", bond - unbonding);
    await world.refuses(world.send(operator, "requestUnbonding", 1n), "InsufficientBalance");
    await world.judgedAgain(job, (job) => job.seats.map(() => other));
    await send("certify", ...(await world.certificate(job)));
    await send("slash", await world.jobItems(job.id));
    await world.pass(p.unbondingDelay);
    await world.send(operator, "withdrawBond");
    assert.deepEqual([(await record(operator)).bond, (await record(operator)).locked], [0n, 0n]);
    await world.checkBooks();
  });

  it("nor does a challenger: its pledge stays until the last verdict", async () => {
    const [, client] = world.clients;
    const job = await world.submitted({ operator: world.operators[1], order: { maxPrice: 20n * USD } });
    await send("challenge", ...(await world.pledge(job, 1, client)));
    await seat(job, [other, other, other]);
    await world.about(job.id, "openClaim", job.opening);
    await send("certify", ...(await world.certificate(job)));
    assert.equal((await record(client)).locked, 120n * USD);
  });
});

describe("a late certificate", () => {
  it("of either round is refused; what is left is the lapse", async () => {
    const first = await world.openedClaim({ order: { maxPrice: 20n * USD } });
    const second = await world.judgedAgain(await world.split({ operator: world.operators[2], order: { maxPrice: 20n * USD } }), (job) => job.seats.map(() => other));
    const certificates = [await world.certificate(first), await world.certificate(second)];
    await world.pass(p.verdictWindow + p.appealVerdictWindow);
    for (const certificate of certificates) await world.refuses(send("certify", ...certificate), "Late");
    await send("lapse", await world.jobItems(first.id, second.id));
    for (const job of [first, second]) assert.deepEqual(await stateOf(job), { state: State.Refunded, outcome: Outcome.Inconclusive });
    await world.checkBooks();
  });
});
