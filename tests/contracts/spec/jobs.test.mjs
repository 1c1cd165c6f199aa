import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { encodeAbiParameters, keccak256, toHex } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD, World } from "../support/world.mjs";
import { Action, Comparison, Finding, Outcome, Skip, State } from "../support/words.mjs";

let world, client, operator, veteran, p;
beforeEach(async () => {
  world = await fixture();
  [client] = world.clients;
  [operator, veteran] = world.operators;
  p = world.parameters;
});

const stateOf = async (job) => {
  const { state, outcome } = await world.jobOf(job.id);
  return { state, outcome };
};
const skips = async (functionName, items, code) => world.refuses(world.send(world.stranger, functionName, items), "Skipped", code);
const available = async (who) => world.read("available", who.address);
const earned = async (who) => (await world.read("operatorOf", who.address)).earned;

/** What each of these balances gained while `act` ran. */
async function gains(act, balances) {
  const before = await Promise.all(balances.map((balance) => balance()));
  await act();
  const after = await Promise.all(balances.map((balance) => balance()));
  return after.map((value, i) => value - before[i]);
}
const checkPool = async () => (await world.read("pools"))[0];
const insurancePool = async () => (await world.read("pools"))[1];

describe("submitting a result", () => {
  it("freezes the epoch", async () => {
    const job = await world.opened();
    const { events } = await world.send(world.stranger, "submit", [await world.resultItem(job)]);
    const epoch = (await world.blockNumber()) / BigInt(p.epochBlocks);
    const stored = await world.jobOf(job.id);
    assert.deepEqual(events.map((event) => event.args), [{
      job: job.id, operator: operator.address, commitment: job.result.commitment, manifest: job.result.manifest, course: stored.course,
    }]);
    assert.deepEqual(
      [stored.state, stored.submittedAt, stored.epoch, stored.ratePpm, stored.rosterLength, stored.commitment],
      [State.Submitted, await world.now(), epoch, 1_000_000, 10, job.result.commitment],
    );
    assert.equal(await world.read("currentEpoch"), epoch);
  });

  it("leaves the rate and the roster as they were at the opening, whatever came between", async () => {
    const early = await world.opened({ operator: veteran });
    assert.deepEqual([BigInt((await world.recordOf(early.id)).ratePpm), (await world.recordOf(early.id)).rosterLength], [model.rate(p, 9), 10]);
    // A tenth clean check, and an eleventh place.
    const checked = await world.decided({ operator: veteran, sampled: true });
    await world.passReview(checked);
    await world.send(world.stranger, "release", [await world.releaseItem(checked, await world.check(checked))]);
    await world.register({ ...world.person(15), account: world.stranger, address: world.stranger.address });
    assert.deepEqual([(await world.read("operatorOf", veteran.address)).clean, await world.read("rosterLength")], [10, 11]);

    const late = await world.opened({ operator: veteran });
    for (const job of [early, late]) await world.send(world.stranger, "submit", [await world.resultItem(job)]);
    const frozen = await Promise.all([early, late].map((job) => world.recordOf(job.id)));
    assert.deepEqual(frozen.map(({ ratePpm, rosterLength }) => [BigInt(ratePpm), rosterLength]), [[model.rate(p, 9), 10], [model.rate(p, 10), 11]]);
    await world.checkBooks();
  });

  it("a conviction between opening and submission changes nothing for the jobs that were open", async () => {
    const early = await world.opened({ operator: veteran, order: { runWindow: 300 } });
    const wrong = () => Array(3).fill(keccak256("0xbad0"));
    const convicted = await world.convicted({
      operator: veteran, values: wrong, order: { comparison: Comparison.Tolerance }, certificate: { findings: Array(3).fill(Finding.Mismatch) },
    });
    const item = await world.resultItem(early);
    await world.pass(p.appealWindow);
    await world.send(world.stranger, "slash", await world.jobItems(convicted.id));
    assert.equal((await world.read("operatorOf", veteran.address)).clean, 0);
    await world.send(world.stranger, "submit", [item]);
    assert.equal(BigInt((await world.recordOf(early.id)).ratePpm), model.rate(p, 9));
    const late = await world.opened({ operator: veteran });
    assert.equal((await world.recordOf(late.id)).ratePpm, 1_000_000);
  });

  it("is allowed in the last second of the run window and not after", async () => {
    const [one, two] = [await world.opened(), await world.opened()];
    const { openedAt, runWindow } = await world.jobOf(two.id);
    const items = [await world.resultItem(one), await world.resultItem(two)];
    await world.at(openedAt + BigInt(runWindow));
    await world.send(world.stranger, "submit", [items[1]]);
    await skips("submit", [items[0]], Skip.TooLate);
  });

  it("needs the node key's signature over this job on this contract", async () => {
    const job = await world.opened();
    await skips("submit", [await world.resultItem(job, job.result, operator.signer)], Skip.BadNodeSignature);
    const item = await world.resultItem(job);
    await skips("submit", [{ ...item, result: { ...item.result, commitment: keccak256("0x01") } }], Skip.BadNodeSignature);
    await skips("submit", [{ ...item, signature: `${item.signature.slice(0, -2)}1d` }], Skip.BadNodeSignature);
    const home = world.domain;
    world.domain = { ...home, chainId: 5 };
    const foreign = await world.resultItem(job);
    world.domain = home;
    await skips("submit", [foreign], Skip.BadNodeSignature);
    const other = await world.opened();
    await skips("submit", [{ ...item, job: await world.recordOf(other.id), result: { ...item.result, job: other.id } }], Skip.BadNodeSignature);
  });

  it("needs no signature of a node key that sends it itself, and only of that", async () => {
    const job = await world.opened();
    const unsigned = { ...(await world.resultItem(job)), signature: "0x" };
    const { nodeKey } = operator;
    for (const from of [world.stranger, operator.account, client]) await world.refuses(world.send(from, "submit", [unsigned]), "Skipped", Skip.BadNodeSignature);
    await world.rpc("hardhat_impersonateAccount", nodeKey.address);
    await world.rpc("hardhat_setBalance", nodeKey.address, toHex(10n ** 18n));
    await world.send(nodeKey, "submit", [unsigned]);
    assert.equal((await stateOf(job)).state, State.Submitted);
  });

  it("an empty commitment is refused", async () => {
    const job = await world.opened();
    await skips("submit", [await world.resultItem(job, { ...job.result, commitment: model.ZERO32 })], Skip.BadTerms);
  });

  it("happens once", async () => {
    const job = await world.submitted();
    await skips("submit", [await world.resultItem(job)], Skip.WrongState);
  });

  it("a bad item leaves the batch alone", async () => {
    const [one, two] = [await world.opened(), await world.opened()];
    const { events } = await world.send(world.stranger, "submit", [await world.resultItem(one, one.result, operator.signer), await world.resultItem(two)]);
    assert.deepEqual(events[0].args, { job: one.id, action: Action.Submit, code: Skip.BadNodeSignature });
    assert.equal((await stateOf(two)).state, State.Submitted);
  });
});

describe("recording a seed", () => {
  const current = async () => (await world.blockNumber()) / BigInt(p.epochBlocks);
  const lastBlock = (epoch) => (epoch + 1n) * BigInt(p.epochBlocks) - 1n;
  const seedFrom = (source, epoch) => keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint64" }], [source, epoch]));

  it("takes the hash of the epoch's last block, once", async () => {
    const epoch = await current();
    await world.mine(p.epochBlocks);
    await world.send(world.stranger, "recordSeed", epoch);
    const { hash } = await world.rpc("eth_getBlockByNumber", toHex(lastBlock(epoch)), false);
    assert.equal(await world.read("seedOf", epoch), seedFrom(hash, epoch));
    await world.refuses(world.send(world.stranger, "recordSeed", epoch), "SeedKnown", epoch);
  });

  it("is refused in the epoch's last block and works in the one after", async () => {
    const epoch = (await current()) + 2n;
    await world.mine(lastBlock(epoch) - (await world.blockNumber()) - 1n);
    await world.refuses(world.send(world.stranger, "recordSeed", epoch), "EpochRuns", epoch, lastBlock(epoch));
    assert.equal(await world.blockNumber(), lastBlock(epoch));
    await world.send(world.stranger, "recordSeed", epoch);
  });

  it("works to the 256th block after; then the next epoch serves", async () => {
    const epoch = (await current()) + 1n;
    await world.mine(lastBlock(epoch) - (await world.blockNumber()) + 255n);
    const before = await world.snapshot();
    await world.send(world.stranger, "recordSeed", epoch);
    await world.restore(before);
    await world.mine(1);
    await world.refuses(world.send(world.stranger, "recordSeed", epoch), "SeedUnknown", epoch + 1n);
    await world.send(world.stranger, "recordSeed", epoch + 1n);
    await world.send(world.stranger, "recordSeed", epoch);
    assert.equal(await world.read("seedOf", epoch), seedFrom(await world.read("seedOf", epoch + 1n), epoch));
  });
});

describe("sampling and the draw", () => {
  it("are undecided until the seed of the epoch after the submission stands", async () => {
    const job = await world.submitted();
    assert.deepEqual(await world.isSampled(job.id), [false, false]);
    assert.equal(await world.drawnFor(job.id, 0), model.ZERO);
    await world.recordSeedAfter((await world.jobOf(job.id)).epoch);
    assert.deepEqual(await world.isSampled(job.id), [true, true]);
  });

  it("agree with the model for every attempt", async () => {
    const job = await world.decided();
    const stored = await world.jobOf(job.id);
    const seed = await world.read("seedOf", stored.epoch + 1n);
    assert.equal(model.isSampled(seed, job.id, stored.ratePpm), true);
    const roster = await Promise.all(Array.from({ length: stored.rosterLength }, (_, i) => world.read("placeAt", i)));
    const lastBlock = (stored.epoch + 2n) * BigInt(p.epochBlocks) - 1n;
    const expected = model.picks(
      { seed, job: job.id, round: 0, roster, rosterLength: stored.rosterLength, lastBlock, client: client.address, excluded: [roster[0].cluster] }, 3,
    );
    const drawn = await Promise.all([0, 1, 2].map((attempt) => world.drawnFor(job.id, attempt)));
    assert.deepEqual(drawn, expected);
    assert.equal(await world.drawnFor(job.id, 3), model.ZERO);
    assert.equal(new Set(drawn).size, 3);
    assert.ok(!drawn.includes(operator.address));
  });

  it("an operator that is not sampled has nobody drawn", async () => {
    const job = await world.decided({ operator: veteran, sampled: false });
    assert.deepEqual(await world.isSampled(job.id), [true, false]);
    assert.equal(await world.drawnFor(job.id, 0), model.ZERO);
  });

  it("who retires once the seed is known is still drawn", async () => {
    const job = await world.decided();
    const first = await world.drawn(job);
    await world.send(first, "requestUnbonding", 1n);
    assert.equal((await world.read("operatorOf", first.address)).active, false);
    assert.equal((await world.drawn(job)).address, first.address);
  });

  it("who retired before the submission, or after it but before the seed's block, is not drawn", async () => {
    for (const each of world.operators.slice(8)) await world.send(each, "requestUnbonding", 1n);
    const job = await world.submitted();
    for (const each of world.operators.slice(3, 8)) await world.send(each, "requestUnbonding", 1n);
    const { epoch, rosterLength } = await world.jobOf(job.id);
    assert.equal(rosterLength, 10);
    await world.recordSeedAfter(epoch);
    const drawn = await Promise.all([0, 1, 2].map((attempt) => world.drawnFor(job.id, attempt)));
    assert.deepEqual(drawn.slice(0, 2).sort(), world.operators.slice(1, 3).map((each) => each.address).sort());
    assert.equal(drawn[2], model.ZERO);
  });

  it("who joins after the opening is not drawn for it", async () => {
    const job = await world.opened();
    const late = { ...world.person(15), account: world.stranger, address: world.stranger.address };
    await world.register(late);
    await world.send(world.stranger, "submit", [await world.resultItem(job)]);
    const { epoch, rosterLength } = await world.jobOf(job.id);
    assert.deepEqual([rosterLength, await world.read("rosterLength")], [10, 11]);
    await world.recordSeedAfter(epoch);
    for (const attempt of [0, 1, 2]) assert.notEqual(await world.drawnFor(job.id, attempt), late.address);
  });

  it("operators of one payout address are one cluster and never check each other", async () => {
    const own = await World.create();
    await own.fund(own.clients[0], 1000n * USD);
    const shared = own.operators[0].payout;
    for (const [i, each] of own.operators.entries()) {
      if (i > 0 && i < 3) await own.adopt(own.operators[0].payoutKey, Object.assign(each, { payout: shared }));
      await own.register(each);
    }
    const clusters = await Promise.all(own.operators.map(async (_, i) => (await own.read("placeAt", i)).cluster));
    assert.deepEqual(clusters, [1, 1, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (let i = 0; i < 5; i++) {
      const job = await own.decided({ label: `cluster ${i}` });
      for (const attempt of [0, 1, 2]) {
        const drawn = await own.drawn(job, attempt);
        assert.notEqual(drawn.payout, shared);
      }
    }
    await own.connection.close();
  });
});

describe("releasing", () => {
  describe("given a job that is not sampled", () => {
    let job;
    beforeEach(async () => {
      job = await world.decided({ operator: veteran, sampled: false });
    });

    it("pays the operator, returns the remainder, keeps the fee for checks and rewards the keeper", async () => {
      await world.passReview(job);
      const { fee, ratePpm, maxPrice } = await world.jobOf(job.id);
      const price = 30n * USD;
      const cost = model.recordFee(p, ratePpm, price);
      const item = await world.releaseItem(job);
      assert.deepEqual(
        await gains(() => world.send(world.stranger, "release", [item]), [
          () => earned(veteran), () => available(client), checkPool, insurancePool, () => available(world.stranger),
        ]),
        [price - cost, maxPrice - price, fee - p.keeperPart + cost, 0n, p.keeperPart],
      );
      assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Delivered });
      assert.equal((await world.read("operatorOf", veteran.address)).clean, 9);
      await world.checkBooks();
    });

    it("waits for the review and not a second longer", async () => {
      const item = await world.releaseItem(job);
      const until = (await world.submittedAt(job)) + BigInt(p.reviewWindow);
      if ((await world.now()) < until - 1n) {
        await world.at(until - 1n);
        await skips("release", [item], Skip.TooEarly);
        await world.at(until);
      }
      await world.send(world.stranger, "release", [item]);
    });

    it("needs the opening of the commitment, in every part", async () => {
      await world.passReview(job);
      for (const change of [{ outputsRoot: keccak256("0x02") }, { units: 31n }, { salt: keccak256("0x02") }]) {
        await skips("release", [{ ...(await world.releaseItem(job)), opening: { ...job.opening, ...change } }], Skip.BadOpening);
      }
    });

    it("never costs more than the max price however many units", async () => {
      const many = await world.decided({ operator: veteran, sampled: false, units: 2n ** 64n - 1n });
      await world.passReview(many);
      const { ratePpm } = await world.jobOf(many.id);
      const item = await world.releaseItem(many);
      assert.deepEqual(
        await gains(() => world.send(world.stranger, "release", [item]), [() => earned(veteran), () => available(client)]),
        [40n * USD - model.recordFee(p, ratePpm, 40n * USD), 0n],
      );
      await world.checkBooks();
    });

    it("no units cost nothing but the fee", async () => {
      const none = await world.decided({ operator: veteran, sampled: false, units: 0n });
      await world.passReview(none);
      const item = await world.releaseItem(none);
      assert.deepEqual(
        await gains(() => world.send(world.stranger, "release", [item]), [() => earned(veteran), () => available(client)]), [0n, 40n * USD],
      );
      await world.checkBooks();
    });
  });

  describe("given a sampled job", () => {
    let job;
    beforeEach(async () => {
      job = await world.decided();
    });

    it("is released with the drawn re-executor's equal value, who is paid the price", async () => {
      await world.passReview(job);
      const first = await world.drawn(job);
      const price = 30n * USD;
      const cost = model.recordFee(p, 1_000_000, price);
      const item = await world.releaseItem(job, await world.check(job));
      const { fee } = await world.jobOf(job.id);
      assert.deepEqual(
        await gains(() => world.send(world.stranger, "release", [item]), [() => earned(operator), () => earned(first), checkPool, () => available(world.stranger)]),
        [price - cost, price, fee - p.keeperPart + cost - price, p.keeperPart],
      );
      assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Checked });
      assert.equal((await world.read("operatorOf", operator.address)).clean, 1);
      await world.checkBooks();
    });

    it("is released without its check only after the long review, and every drawn re-executor gets a strike", async () => {
      await world.passReview(job, p.longReview - 2);
      const item = await world.releaseItem(job);
      await skips("release", [item], Skip.CheckMissing);
      const drawn = await Promise.all([0, 1, 2].map((attempt) => world.drawn(job, attempt)));
      const before = (await world.read("operatorOf", operator.address)).clean;
      const { events } = await world.send(world.stranger, "release", [item]);
      assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Unchecked });
      assert.deepEqual(
        events.filter((event) => event.eventName === "OperatorStruck").map((event) => event.args),
        drawn.map((each) => ({ operator: each.address, job: job.id, outcome: Outcome.Unchecked, count: 1 })),
      );
      assert.equal((await world.read("operatorOf", operator.address)).clean, before);
      await world.checkBooks();
    });

    it("a later re-executor may answer when its turn has come, and the silent ones before get a strike", async () => {
      const [first, , third] = await Promise.all([0, 1, 2].map((attempt) => world.drawn(job, attempt)));
      const item = await world.releaseItem(job, await world.check(job, { attempt: 2 }));
      const turn = (await world.submittedAt(job)) + 2n * BigInt(p.checkWindow);
      await world.at(turn - 1n);
      await skips("release", [item], Skip.TooEarly);
      await world.at(turn);
      assert.deepEqual(await gains(() => world.send(world.stranger, "release", [item]), [() => earned(first), () => earned(third)]), [0n, 30n * USD]);
      assert.equal((await world.read("operatorOf", first.address)).strikes, 1);
      assert.equal((await world.read("operatorOf", third.address)).strikes, 0);
      await world.checkBooks();
    });

    it("refuses every attestation but the drawn one's agreeing one", async () => {
      await world.passReview(job, 2 * p.checkWindow);
      const second = await world.drawn(job, 1);
      const another = await world.decided();
      const attempts = [
        { by: second.signer }, { by: world.stranger }, { by: operator.signer }, { value: keccak256("0x03") }, { finding: Finding.Match },
        { finding: Finding.Mismatch }, { finding: Finding.None }, { round: 1 }, { job: another.id }, { salt: keccak256("0x04") },
      ];
      for (const attempt of attempts) {
        await skips("release", [await world.releaseItem(job, await world.check(job, attempt))], Skip.BadAttestation);
      }
      const item = await world.releaseItem(job, await world.check(job));
      for (const seat of [1, 2, 3, 255]) await skips("release", [{ ...item, seat }], Skip.BadAttestation);
      await skips("release", [{ ...item, checkSignature: item.checkSignature.slice(0, -2) }], Skip.BadAttestation);
    });

    it("an empty check pool is filled up from insurance, and what there is is paid", async () => {
      const poor = await World.create();
      await poor.fund(poor.clients[0], 1000n * USD);
      for (const each of poor.operators) await poor.register(each);
      // A price that rounds every share to nothing leaves only the fee in the pool.
      const thin = await poor.decided({ order: { maxPrice: 40n * USD, unitPrice: 1n }, units: 5_000_000n });
      await poor.passReview(thin);
      const first = await poor.drawn(thin);
      const item = await poor.releaseItem(thin, await poor.check(thin));
      await poor.send(poor.stranger, "release", [item]);
      assert.equal((await poor.read("operatorOf", first.address)).earned, 5_000_000n);
      const [left] = await poor.read("pools");
      assert.equal(left, 4n * USD + model.recordFee(poor.parameters, 1_000_000, 5_000_000n) - 5_000_000n);

      const dear = await poor.decided({ operator: poor.operators[2], units: 40n });
      const second = await poor.drawn(dear);
      await poor.toToken(poor.stranger, "mint", poor.stranger.address, 100n * USD);
      await poor.toToken(poor.stranger, "approve", poor.escrow, 100n * USD);
      await poor.passReview(dear);
      const released = await poor.releaseItem(dear, await poor.check(dear));
      const earnedBefore = (await poor.read("operatorOf", second.address)).earned;
      await poor.send(poor.stranger, "release", [released]);
      assert.equal((await poor.read("operatorOf", second.address)).earned - earnedBefore, 40n * USD);
      await poor.checkBooks();
      await poor.connection.close();
    });
  });

  describe("given a tolerance job", () => {
    it("is released with Match and with nothing else", async () => {
      const job = await world.decided({ order: { comparison: Comparison.Tolerance } });
      await world.passReview(job);
      for (const finding of [Finding.None, Finding.Value, Finding.Mismatch, Finding.Malformed]) {
        await skips("release", [await world.releaseItem(job, await world.check(job, { finding }))], Skip.BadAttestation);
      }
      const item = await world.releaseItem(job, await world.check(job, { finding: Finding.Match, value: keccak256("0x05") }));
      await world.send(world.stranger, "release", [item]);
      assert.deepEqual(await stateOf(job), { state: State.Released, outcome: Outcome.Checked });
      await world.checkBooks();
    });
  });

  it("waits for the seed", async () => {
    const job = await world.submitted();
    await world.pass(p.reviewWindow);
    await skips("release", [await world.releaseItem(job)], Skip.SeedMissing);
  });

  it("a batch releases what it can and pays the keeper once for all of it", async () => {
    const jobs = [await world.decided(), await world.decided({ operator: world.operators[2] }), await world.decided({ operator: world.operators[3] })];
    await world.passReview(jobs[2]);
    const items = [await world.releaseItem(jobs[0], await world.check(jobs[0])), await world.releaseItem(jobs[1]), await world.releaseItem(jobs[2], await world.check(jobs[2]))];
    let events;
    const [gain] = await gains(async () => ({ events } = await world.send(world.stranger, "release", items)), [() => available(world.stranger)]);
    assert.equal(gain, 2n * p.keeperPart);
    assert.deepEqual(events.filter((event) => event.eventName === "ItemSkipped").map((event) => event.args), [
      { job: jobs[1].id, action: Action.Release, code: Skip.CheckMissing },
    ]);
    await world.checkBooks();
  });
});

describe("expiring", () => {
  it("a job without a result is refunded whole, its operator pays, half of it to the client", async () => {
    const job = await world.opened();
    const { openedAt, runWindow, fee, maxPrice } = await world.jobOf(job.id);
    const share = model.noShow(p, { bond: p.minBond, maxPrice });
    await world.at(openedAt + BigInt(runWindow));
    await skips("expire", await world.jobItems(job.id), Skip.TooEarly);
    const bond = async () => (await world.read("operatorOf", operator.address)).bond;
    let events;
    assert.deepEqual(
      await gains(async () => ({ events } = await world.send(world.stranger, "expire", await world.jobItems(job.id))), [
        () => available(client), bond, insurancePool, () => available(world.stranger), checkPool,
      ]),
      [maxPrice + fee + share.toClient, -share.penalty, share.insured, share.keeper, 0n],
    );
    assert.deepEqual(await stateOf(job), { state: State.Refunded, outcome: Outcome.NoShow });
    assert.deepEqual(events[0].args, { job: job.id, client: client.address, outcome: Outcome.NoShow, refund: maxPrice + fee, penalty: share.penalty });
    await world.checkBooks();
  });

  it("repeated absence jails, and the operator may rejoin once stake could have left", async () => {
    const jobs = [await world.opened({ operator: veteran }), await world.opened({ operator: veteran })];
    await world.pass(jobs[1].order.runWindow + 1);
    const { events } = await world.send(world.stranger, "expire", await world.jobItems(...jobs.map((job) => job.id)));
    const struck = events.filter((event) => event.eventName === "OperatorStruck").map((event) => [event.args.outcome, event.args.count]);
    assert.deepEqual(struck, [[Outcome.NoShow, 1], [Outcome.NoShow, 2]]);
    assert.deepEqual(events.find((event) => event.eventName === "OperatorRetired").args, { operator: veteran.address, place: 1, jailed: true });
    const after = await world.read("operatorOf", veteran.address);
    assert.deepEqual([after.active, after.noShows, after.clean], [false, 2, 9]);
    await world.refuses(world.send(veteran, "rejoin"), "BondTooSmall", after.bond, p.minBond);
    await world.toToken(veteran, "mint", veteran.address, 16n * USD);
    await world.send(veteran, "addBond", 16n * USD);
    await world.refuses(world.send(veteran, "rejoin"), "Early");
    await world.pass(p.unbondingDelay);
    await world.send(veteran, "rejoin");
    const rejoined = await world.read("operatorOf", veteran.address);
    assert.deepEqual([rejoined.active, rejoined.noShows, rejoined.place], [true, 0, 10]);
    await world.checkBooks();
  });

  it("a result that is never opened is refunded when review and open window are over", async () => {
    for (const [options, review] of [[{ operator: veteran, sampled: false }, p.reviewWindow], [{ operator: world.operators[2] }, p.longReview]]) {
      const job = await world.decided(options);
      const until = (await world.submittedAt(job)) + BigInt(review + p.openWindow);
      await world.at(until);
      await skips("expire", await world.jobItems(job.id), Skip.TooEarly);
      await world.send(world.stranger, "expire", await world.jobItems(job.id));
      assert.deepEqual(await stateOf(job), { state: State.Refunded, outcome: Outcome.Unavailable });
      assert.equal((await world.read("operatorOf", job.operator.address)).noShows, 1);
    }
    await world.checkBooks();
  });

  it("a submitted job waits for the seed", async () => {
    const job = await world.submitted();
    await world.pass(p.longReview + p.openWindow + 1);
    await skips("expire", await world.jobItems(job.id), Skip.SeedMissing);
    await world.recordSeedAfter((await world.jobOf(job.id)).epoch);
    await skips("expire", await world.jobItems(job.id), Skip.TooEarly);
    await world.pass(p.longReview + p.openWindow);
    await world.send(world.stranger, "expire", await world.jobItems(job.id));
  });

  it("an operator without a bond loses nothing more and the client still has everything back", async () => {
    const job = await world.opened();
    const accused = [];
    for (let i = 0; i < 7; i++) accused.push(await world.decided({ order: { maxPrice: 48n * USD } }));
    for (const each of accused) {
      await world.accuse(await world.check(each, { value: keccak256("0x09") }));
    }
    assert.deepEqual([(await world.read("operatorOf", operator.address)).bond, (await world.read("operatorOf", operator.address)).locked], [0n, p.minBond]);
    await world.pass(job.order.runWindow + 1);
    const { fee, maxPrice } = await world.jobOf(job.id);
    assert.deepEqual(
      await gains(async () => world.send(world.stranger, "expire", await world.jobItems(job.id)), [() => available(client), () => available(world.stranger)]), [maxPrice + fee, 0n],
    );
    await world.checkBooks();
  });

  it("a bad item leaves the batch alone", async () => {
    const job = await world.opened();
    await world.pass(job.order.runWindow + 1);
    const { events } = await world.send(world.stranger, "expire", await world.jobItems(keccak256("0x09"), job.id));
    assert.deepEqual(events[0].args, { job: keccak256("0x09"), action: Action.Expire, code: Skip.WrongState });
    assert.equal((await stateOf(job)).state, State.Refunded);
  });
});
