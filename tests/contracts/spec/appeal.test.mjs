import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { keccak256, toHex } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD, World } from "../support/world.mjs";
import { Book, Comparison, Finding, Outcome, Skip, State, Verdict } from "../support/words.mjs";

let world, operator, p;
beforeEach(async () => {
  world = await fixture();
  [operator] = world.operators;
  p = world.parameters;
});

const V = 20n * USD; // 6 for the seats of both rounds, 20 for the slash: 520 of a bond of 1000
const terms = { order: { maxPrice: V } };
const other = keccak256("0xbad0");
const right = (job) => job.seats.map(() => job.value);
const wrong = (job) => job.seats.map(() => other);
const record = (who) => world.read("operatorOf", who.address);
const send = (name, ...args) => world.send(world.stranger, name, ...args);
const named = (events, name) => events.filter((event) => event.eventName === name).map((event) => event.args);
const stateOf = async (job, own = world) => {
  const { state, outcome } = await own.jobOf(job.id);
  return [state, outcome];
};
const certify = async (job, options) => send("certify", ...(await world.certificate(job, options)));
const slash = async (job) => send("slash", await world.jobItems(job.id));

/** Bond and lock of these, before and after. */
async function moved(people, act) {
  const read = () => Promise.all(people.map(async (who) => [(await record(who)).bond, (await record(who)).locked, (await record(who)).earned]));
  const before = await read();
  await act();
  return (await read()).map((after, i) => after.map((value, j) => (value - before[i][j]) / V));
}

describe("an appeal", () => {
  it("pledges the second round's seats from the operator's bond, and from the accuser's", async () => {
    const job = await world.convicted(terms);
    const pledge = await world.pledge(job, 2, operator, operator.signer);
    let events;
    const change = await moved([operator, job.accuser], async () => ({ events } = await send("appeal", ...pledge)));
    assert.deepEqual(change, [[-3n, 3n, 0n], [-3n, 3n, 0n]]);
    const epoch = await world.read("currentEpoch");
    assert.deepEqual(named(events, "ResultAppealed"), [{ job: job.id, appellant: operator.address, epoch, rosterLength: 10 }]);
    assert.deepEqual(await stateOf(job), [State.Appealed, Outcome.None]);
    await world.checkBooks();
  });

  it("comes before the window ends, signed by who pays, about this round, with all of the money", async () => {
    const job = await world.convicted(terms);
    const { slashableAt } = await world.read("caseOf", job.id);
    const [client] = world.clients;
    const refused = async (pledge, ...error) => world.refuses(send("appeal", ...pledge), ...error);
    await refused(await world.pledge(job, 1, operator, operator.signer), "WrongPledge", job.id);
    await refused(await world.pledge(job, 2, operator, world.stranger), "BadSignature", operator.address);
    await refused(await world.pledge(job, 2, world.stranger), "InsufficientBalance");
    const pledge = await world.pledge(job, 2, client);
    const start = await world.snapshot();
    await world.at(slashableAt);
    await refused(pledge, "Late", slashableAt, slashableAt);
    await world.restore(start);
    await world.at(slashableAt - 1n);
    await send("appeal", ...pledge);
  });

  it("may be sent by who pledges, without a signature", async () => {
    const job = await world.convicted(terms);
    const pledge = { job: job.id, account: operator.address, round: 2 };
    await world.refuses(world.send(world.stranger, "appeal", await world.recordOf(job.id), pledge, "0x"), "BadSignature");
    await world.send(operator, "appeal", await world.recordOf(job.id), pledge, "0x");
    assert.equal((await stateOf(job))[0], State.Appealed);
  });

  it("that is upheld costs the appellant the second seats, and the slash follows at once", async () => {
    const job = await world.appealed(terms);
    await world.judgedAgain(job, wrong);
    let seats;
    const change = await moved([operator, job.accuser], async () => {
      seats = await moved(job.seats, () => certify(job));
    });
    assert.deepEqual([change, seats], [[[0n, -3n, 0n], [3n, -3n, 0n]], [[0n, 0n, 1n], [0n, 0n, 1n], [0n, 0n, 1n]]]);
    assert.deepEqual(await stateOf(job), [State.Convicted, Outcome.None]);
    await world.refuses(send("appeal", ...(await world.pledge(job, 2, world.clients[1]))), "NoAppeal", job.id);
    const { events } = await slash(job);
    assert.equal(named(events, "StakeSlashed")[0].amount, 20n * V);
    await world.checkBooks();
  });

  it("that succeeds costs the accuser the second seats, the first seats what they got, and the operator nothing", async () => {
    const before = await record(operator);
    const job = await world.appealed(terms);
    await world.judgedAgain(job, right);
    const first = await moved(job.first.seats, async () => {
      const change = await moved([job.accuser, ...job.seats], () => certify(job));
      assert.deepEqual(change, [[0n, -3n, 0n], ...job.seats.map(() => [0n, 0n, 1n])]);
    });
    assert.deepEqual(first, job.first.seats.map(() => [-1n, 0n, 0n]));
    assert.deepEqual(await stateOf(job), [State.Released, Outcome.Cleared]);
    const after = await record(operator);
    assert.deepEqual([after.bond - before.bond, after.locked], [3n * V, 0n]); // what it added for the appeal
    assert.ok(after.earned > 0n);
    await world.checkBooks();
  });

  it("that succeeds takes from first seats no more than they were paid", async () => {
    const job = await world.decided({ ...terms, sampled: true });
    // Another case holds the whole bond, so the seats of this one are paid nothing.
    const held = await world.submitted({ order: { maxPrice: 2n * V } });
    await send("challenge", ...(await world.pledge(held, 1, world.clients[1])));
    assert.equal((await record(operator)).bond, 0n);
    job.accuser = await world.drawn(job);
    await world.accuse(await world.check(job, { value: other }));
    await world.seat(job);
    await world.commit(job, wrong(job));
    await world.about(job.id, "openClaim", job.opening);
    const first = job.seats;
    assert.deepEqual(await moved(first, () => certify(job)), first.map(() => [0n, 0n, 0n]));
    await send("appeal", ...(await world.pledge(job, 2, world.clients[0])));
    Object.assign(job, { round: 2 });
    await world.judgedAgain(job, right);
    assert.deepEqual(await moved(first, () => certify(job)), first.map(() => [0n, 0n, 0n]));
    assert.deepEqual(await stateOf(job), [State.Released, Outcome.Cleared]);
    await world.checkBooks();
  });

  it("may be stood for by anybody, who has the money back when it succeeds", async () => {
    const [, helper] = world.clients;
    const job = await world.convicted(terms);
    const before = await world.read("available", helper.address);
    await send("appeal", ...(await world.pledge(job, 2, helper)));
    assert.equal(await world.read("available", helper.address), before - 3n * V);
    await world.checkBooks();
    await world.judgedAgain(Object.assign(job, { round: 2 }), right);
    await certify(job);
    assert.equal(await world.read("available", helper.address), before);
    assert.deepEqual(await stateOf(job), [State.Released, Outcome.Cleared]);
    await world.checkBooks();
  });

  it("of another operator keeps it and whoever is of its cluster out of the second round", async () => {
    const nonce = 4242n;
    const draws = async (appellant, by) => {
      const job = await world.convicted({ order: { ...terms.order, nonce } });
      if (appellant.signer) await world.bond(appellant, 3n * V);
      await send("appeal", ...(await world.pledge(job, 2, appellant, by)));
      const drawn = (await world.seat(Object.assign(job, { round: 2 }))).seats;
      return { job, drawn: drawn.map(({ address }) => address) };
    };
    const start = await world.snapshot();
    const [, helper] = world.clients;
    const { job, drawn } = await draws(helper, helper);
    await world.restore(start);
    const [judge] = drawn;
    const appellant = world.operatorAt(judge);
    const again = await draws(appellant, appellant.signer);
    assert.equal(again.job.id, job.id);
    assert.ok(!again.drawn.includes(judge));
  });

  it("that nobody decides in time leaves the conviction standing, and every pledge goes back", async () => {
    const job = await world.appealed(terms);
    const { startedAt } = await world.round(job);
    const until = startedAt + BigInt(p.appealVerdictWindow);
    await world.at(until);
    await world.refuses(send("lapse", await world.jobItems(job.id)), "Skipped", Skip.TooEarly);
    const change = await moved([operator, job.accuser], async () => send("lapse", await world.jobItems(job.id)));
    assert.deepEqual(change, [[3n, -3n, 0n], [3n, -3n, 0n]]);
    await slash(job);
    assert.deepEqual(await stateOf(job), [State.Slashed, Outcome.WrongResult]);
    await world.checkBooks();
  });

  it("lets an operator open in the second round what it kept closed in the first", async () => {
    const job = await world.sealed({ ...terms, values: wrong });
    await world.pass(p.revealWindow + 1);
    await certify(job);
    await send("appeal", ...(await world.pledge(job, 2, world.clients[1])));
    await world.judgedAgain(Object.assign(job, { round: 2 }), right);
    await certify(job);
    assert.deepEqual(await stateOf(job), [State.Released, Outcome.Cleared]);
    await world.checkBooks();
  });
});

describe("a split first round", () => {
  it("that ends in a conviction pays the first seats that were right, all by the operator", async () => {
    const job = await world.split({ ...terms, values: (job) => [job.value, other, other] });
    await world.judgedAgain(job, wrong);
    const seats = await moved([...job.first.seats, ...job.seats], async () => {
      assert.deepEqual(await moved([operator, job.accuser], () => certify(job)), [[1n, -6n, 0n], [6n, -6n, 0n]]);
    });
    assert.deepEqual(seats.map(([, , earned]) => earned), [0n, 1n, 1n, 1n, 1n, 1n]);
    assert.equal((await record(operator)).locked, 20n * V);
    await slash(job);
    await world.checkBooks();
  });

  it("that ends in an acquittal is paid by the accuser", async () => {
    const job = await world.split({ ...terms, values: (job) => [job.value, other, other] });
    await world.judgedAgain(job, (job) => [job.value, job.value, other]);
    const seats = await moved([...job.first.seats, ...job.seats], async () => {
      assert.deepEqual((await moved([operator, job.accuser], () => certify(job))).map(([bond, locked]) => [bond, locked]), [[26n, -26n], [3n, -6n]]);
    });
    assert.deepEqual(seats.map(([, , earned]) => earned), [1n, 0n, 0n, 1n, 1n, 0n]);
    await world.checkBooks();
  });

  it("that stays undecided refunds; seats that agree with another of either round are paid, half by the operator, half by the insurance", async () => {
    await world.toToken(world.stranger, "mint", world.stranger.address, 100n * USD);
    await world.toToken(world.stranger, "approve", world.escrow, 100n * USD);
    await send("donate", Book.InsurancePool, 100n * USD);
    const third = keccak256("0x03");
    const job = await world.split({ ...terms, values: (job) => [job.value, other, third] });
    await world.judgedAgain(job, (job) => [job.value, other, keccak256("0x04")]);
    const seats = await moved([...job.first.seats, ...job.seats], async () => {
      assert.deepEqual(await moved([operator, job.accuser], () => certify(job)), [[24n, -26n, 0n], [6n, -6n, 0n]]);
    });
    assert.deepEqual(seats.map(([, , earned]) => earned), [1n, 1n, 0n, 1n, 1n, 0n]);
    assert.equal((await world.read("pools"))[1], 100n * USD - 2n * V);
    assert.deepEqual(await stateOf(job), [State.Refunded, Outcome.Inconclusive]);
    await world.checkBooks();
  });

  it("that nobody decides in time refunds", async () => {
    const job = await world.split(terms);
    await world.pass(p.appealVerdictWindow + 1);
    assert.deepEqual(await moved([operator, job.accuser], async () => send("lapse", await world.jobItems(job.id))), [[26n, -26n, 0n], [6n, -6n, 0n]]);
    assert.deepEqual(await stateOf(job), [State.Refunded, Outcome.Inconclusive]);
    await world.checkBooks();
  });
});

describe("the second round of seven", () => {
  let own;
  async function seven(options = {}) {
    own = await World.create({ secondSeats: 7, convictQuorum: 6, clearQuorum: 4, minRoster: 12 });
    own.operators.push(...[10, 11, 12].map((i) => own.person(i)));
    for (const client of own.clients) await own.fund(client, 1000n * USD);
    for (const each of own.operators) await own.register(each);
    return own.split({ ...terms, ...options });
  }

  it("draws fresh seats: nobody of the first round, nor the accuser or the operator; a seat that says it failed is refilled at once", async () => {
    const job = await seven();
    await own.seat(job);
    const { epoch, rosterLength } = await own.round(job);
    const roster = await Promise.all(Array.from({ length: rosterLength }, (_, i) => own.read("placeAt", i)));
    const seed = await own.read("seedOf", epoch + 1n);
    const heard = [job.operator, job.accuser, ...job.first.seats].map(({ address }) => address);
    const excluded = roster.filter((place) => heard.includes(place.operator)).map((place) => place.cluster);
    const lastBlock = (epoch + 2n) * BigInt(own.parameters.epochBlocks) - 1n;
    const drawn = { seed, job: job.id, round: 2, roster, rosterLength, lastBlock, client: own.clients[0].address, excluded };
    assert.deepEqual(job.seats.map(({ address }) => address), model.picks(drawn, 7));
    const word = { job: job.id, round: 2, seat: 3, finding: Finding.Failed, value: model.ZERO32, salt: model.ZERO32 };
    const refill = async (by, change = {}) => own.about(job.id, "refillSeat", 3, await own.sign(by, "Attestation", { ...word, ...change }));
    await own.refuses(refill(job.seats[2].signer), "BadSignature", job.seats[3].address);
    await own.refuses(refill(job.seats[3].signer, { round: 1 }), "BadSignature", job.seats[3].address);
    const { events } = await refill(job.seats[3].signer);
    assert.deepEqual(named(events, "OperatorStruck"), []);
    const { seat, from, to, failed } = named(events, "SeatRefilled")[0];
    assert.deepEqual([seat, from, failed], [3, job.seats[3].address, true]);
    assert.deepEqual(to, model.picks(drawn, 8)[7]);
    await own.connection.close();
  });

  const ends = [
    [6, 1, [State.Convicted, Outcome.None]], [5, 2, [State.Refunded, Outcome.Inconclusive]], [3, 4, [State.Released, Outcome.Cleared]],
    [4, 3, [State.Refunded, Outcome.Inconclusive]],
  ];
  it("convicts with six, clears with four, and is else inconclusive", async () => {
    const job = await seven();
    await own.seat(job);
    let start = await own.snapshot();
    for (const [against, confirming, end] of ends) {
      await own.commit(job, job.seats.map((_, i) => (i < against ? other : job.value)));
      await own.send(own.stranger, "certify", ...(await own.certificate(job)));
      assert.equal(against + confirming, 7);
      assert.deepEqual(await stateOf(job, own), end, `${against} against ${confirming}`);
      await own.checkBooks();
      await own.restore(start);
      start = await own.snapshot();
    }
    await own.connection.close();
  });

  it("does not convict with six who differ from the claim and from each other", async () => {
    const job = await seven();
    await own.seat(job);
    await own.commit(job, job.seats.map((_, i) => (i === 0 ? job.value : keccak256(toHex(`own ${i}`)))));
    await own.send(own.stranger, "certify", ...(await own.certificate(job)));
    assert.deepEqual(await stateOf(job, own), [State.Refunded, Outcome.Inconclusive]);
    await own.connection.close();
  });

  it("counts Match and Mismatch under tolerance, where a quarter may differ without an acquittal being lost", async () => {
    const { Match, Mismatch, Malformed } = Finding;
    const values = (job) => job.seats.map((_, seat) => keccak256(toHex(`${job.id} own ${seat}`)));
    const job = await seven({ order: { maxPrice: V, comparison: Comparison.Tolerance }, values, certificate: { findings: [Match, Mismatch, Match] } });
    await own.seat(job);
    await own.commit(job, values(job));
    const { events } = await own.send(own.stranger, "certify", ...(await own.certificate(job, { findings: [Match, Mismatch, Match, Malformed, Match, Mismatch, Match] })));
    assert.deepEqual(named(events, "VerdictReached").map((args) => [args.round, args.verdict, args.value]), [[2, Verdict.Cleared, model.ZERO32]]);
    assert.deepEqual(await stateOf(job, own), [State.Released, Outcome.Cleared]);
    await own.checkBooks();
    await own.connection.close();
  });
});

describe("a challenge", () => {
  const veteran = () => world.operators[1];
  const available = (who) => world.read("available", who.address);

  it("is anybody's who pledges both rounds' seats, of a result that is not sampled, while its review lasts", async () => {
    const [, client] = world.clients;
    const job = await world.decided({ ...terms, operator: veteran(), sampled: false });
    const pledge = await world.pledge(job, 1, client);
    const until = (await world.submittedAt(job)) + BigInt(p.reviewWindow);
    const start = await world.snapshot();
    await world.at(until + 1n);
    await world.refuses(send("challenge", ...pledge), "Late", until + 1n, until);
    await world.restore(start);
    await world.at(until);
    const before = await available(client);
    const { events } = await send("challenge", ...pledge);
    assert.deepEqual(named(events, "ResultAccused").map((args) => [args.accuser, args.value, args.bonded]), [[client.address, model.ZERO32, true]]);
    assert.equal(await available(client), before - 6n * V);
    assert.equal((await record(veteran())).locked, 26n * V);
    await world.checkBooks();
  });

  it("that is right is rewarded and has its pledge back with the slash, not before", async () => {
    const [, client] = world.clients;
    const job = Object.assign(await world.decided({ ...terms, operator: veteran(), sampled: false }), { accuser: client });
    const before = await available(client);
    await send("challenge", ...(await world.pledge(job, 1, client)));
    await world.seat(job);
    await world.commit(job, wrong(job));
    await world.about(job.id, "openClaim", job.opening);
    await certify(job);
    assert.equal(await available(client), before - 6n * V);
    await world.pass(p.appealWindow);
    const { events } = await slash(job);
    const [{ accuserReward }] = named(events, "StakeSlashed");
    assert.ok(accuserReward > 0n);
    assert.equal(await available(client), before + accuserReward);
    await world.checkBooks();
  });

  it("of an operator's own honest job keeps no bond from the slash of a cheat, however the sham ends", async () => {
    const price = { order: { maxPrice: 2n * V } };
    const [sham, cheat] = [await world.submitted(price), await world.submitted(price)];
    await send("challenge", ...(await world.pledge(sham, 1, world.clients[1])));
    const held = await record(operator);
    assert.equal(held.bond, 0n);
    await world.recordSeedAfter((await world.recordOf(cheat.id)).epoch);
    cheat.accuser = await world.drawn(cheat);
    await world.accuse(await world.check(cheat, { value: other }));
    await world.seat(cheat);
    await world.commit(cheat, wrong(cheat));
    await world.about(cheat.id, "openClaim", cheat.opening);
    await certify(cheat);
    await world.pass(p.appealWindow);
    const { events } = await slash(cheat);
    assert.equal(named(events, "StakeSlashed")[0].amount, (2n * 2n * V * 1_000_000n) / BigInt(p.floorPpm));
    await world.checkBooks();

    await world.pass(p.verdictWindow);
    await send("lapse", await world.jobItems(sham.id));
    const left = await record(operator);
    assert.deepEqual([left.bond + left.locked, left.locked], [held.locked - (2n * 2n * V * 1_000_000n) / BigInt(p.floorPpm), 0n]);
    await world.checkBooks();
  });

  it("that is wrong pays the seats, and one that stays undecided half of them", async () => {
    const [, client] = world.clients;
    for (const [values, lost] of [[right, 3n], [(job) => [job.value, other, keccak256("0x03")], undefined]]) {
      const job = await world.decided({ ...terms, operator: veteran(), sampled: false });
      const before = await available(client);
      await send("challenge", ...(await world.pledge(job, 1, client)));
      await world.seat(job);
      await world.commit(job, values(job));
      await world.about(job.id, "openClaim", job.opening);
      await certify(job);
      if (lost === undefined) {
        Object.assign(job, { round: 2 });
        await world.judgedAgain(job, (job) => [job.value, other, keccak256("0x04")]);
        await certify(job);
      }
      assert.equal(before - (await available(client)), (lost ?? 2n) * V);
      await world.checkBooks();
    }
  });

  it("of a sampled result waits for half of the review, so that nobody outruns the re-executor with its own finding", async () => {
    const [, client] = world.clients;
    const job = await world.decided(terms);
    const pledge = await world.pledge(job, 1, client);
    const from = (await world.submittedAt(job)) + BigInt(p.reviewWindow / 2);
    await world.at(from - 1n);
    await world.refuses(send("challenge", ...pledge), "Early", from - 1n, from);
    await send("challenge", ...pledge);
    assert.equal((await stateOf(job))[0], State.Accused);
  });

  it("of a sampled result comes before a re-executor that confirms what is wrong can have it released", async () => {
    const job = await world.decided({ ...terms, sampled: true });
    const confirmed = await world.check(job);
    const released = (await world.submittedAt(job)) + BigInt(p.reviewWindow);
    const pledge = await world.pledge(job, 1, world.clients[1]);
    await world.at(released - 2n);
    await world.refuses(send("release", [await world.releaseItem(job, confirmed)]), "Skipped", Skip.TooEarly);
    await world.at(released - 1n);
    await send("challenge", ...pledge);
    assert.deepEqual(await stateOf(job), [State.Accused, Outcome.None]);
  });

  it("is possible before the seed is known, and not with less than the pledge, by the operator, or unsigned", async () => {
    const [, client] = world.clients;
    const job = await world.submitted(terms);
    const refused = async (pledge, ...error) => world.refuses(send("challenge", ...pledge), ...error);
    await refused(await world.pledge(job, 1, world.stranger), "InsufficientBalance");
    await refused(await world.pledge(job, 1, operator, operator.signer), "WrongPledge", job.id);
    await refused(await world.pledge(job, 1, client, world.stranger), "BadSignature", client.address);
    await refused(await world.pledge(job, 2, client), "WrongPledge", job.id);
    await send("challenge", ...(await world.pledge(job, 1, client)));
    assert.equal((await stateOf(job))[0], State.Accused);
  });

  it("may be a contract wallet's", async () => {
    const wallet = await world.wallet(world.clients[0]);
    await world.toToken(world.clients[0], "mint", world.clients[0].address, 200n * USD);
    await world.send(world.clients[0], "depositFor", wallet.address, 200n * USD);
    const job = await world.submitted(terms);
    await send("challenge", ...(await world.pledge(job, 1, wallet)));
    assert.equal((await world.read("caseOf", job.id)).accuser, wallet.address);
    await world.checkBooks();
  });

  it("cannot be settled by an opening, as a re-executor's confirming word can: there is no word", async () => {
    const job = await world.submitted(terms);
    await send("challenge", ...(await world.pledge(job, 1, world.clients[1])));
    await world.recordSeedAfter((await world.recordOf(job.id)).epoch);
    await world.passReview(job);
    await world.refuses(send("release", [await world.releaseItem(job)]), "Skipped", Skip.WrongState);
  });
});
