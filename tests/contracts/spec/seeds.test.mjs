// Seeds from the beacon: epochs by time, recorded rounds of quicknet from one to the next, and what happens when it falls silent.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, describe, it } from "node:test";
import { encodeAbiParameters, keccak256, toHex } from "viem";
import { Authority } from "../support/authority.mjs";
import * as model from "../support/model.mjs";
import { parameters, USD, World } from "../support/world.mjs";
import { Outcome, State } from "../support/words.mjs";

const { chain, rounds } = JSON.parse(await readFile(new URL("../../vectors/drand.json", import.meta.url), "utf8"));
const FIRST = 2n ** 39n;
// An epoch of one round: the rounds recorded from 1,000 on are those of four epochs in a row.
const SECONDS = BigInt(chain.period);
const timeOf = (round) => BigInt(chain.genesis + (round - 1) * chain.period);
const proofOf = (number) => `0x${rounds.find(({ round }) => round === number).uncompressed}`;
/** The epoch whose seed is the value of this round: it ends with the second before. */
const epochOf = (round) => FIRST + timeOf(round) / SECONDS - 1n;
const seedOf = (round) => {
  const value = `0x${rounds.find((each) => each.round === round).randomness}`;
  return keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint64" }], [value, epochOf(round)]));
};
const OTHER_CLOCK = { ...parameters, epochSeconds: Number(SECONDS), randomness: 1, reviewWindow: 4, checkWindow: 30 };

let world, start;
/** The next transaction's block has this time. */
async function reach(time) {
  if ((await world.now()) === time - 1n) return;
  await world.at(time - 1n);
  await world.rpc("evm_mine");
}
const send = async (time, from, ...call) => {
  await reach(time);
  return world.send(from, ...call);
};
/** A job whose result is submitted in the epoch before that of round 1,000. */
async function submitted() {
  const job = await world.agree();
  await send(timeOf(1000) - 20n, world.stranger, "open", [job.item]);
  const item = await world.resultItem(job);
  await send(timeOf(1000) - 5n, world.stranger, "submit", [item]);
  return job;
}

describe("seeds", () => {
  before(async () => {
    world = await World.create(OTHER_CLOCK, undefined, { initialDate: new Date(Number(timeOf(1000) - 900n) * 1000).toISOString() });
    for (const client of world.clients) await world.fund(client, 10_000n * USD);
    for (const operator of world.operators) await world.register(operator);
  });
  beforeEach(async () => {
    if (start) await world.restore(start);
    start = await world.snapshot();
  });
  after(() => world.connection.close());

  describe("an epoch of the beacon", () => {
    it("is counted by time, beside those by blocks", async () => {
      assert.equal(await world.read("currentVersion"), 2 ** 15 + 1);
      const [now, block] = [await world.now(), await world.blockNumber()];
      assert.equal(await world.read("currentEpoch"), FIRST + now / SECONDS);
      assert.equal(await world.read("epochOf", 2 ** 15 + 1), FIRST + now / SECONDS);
      assert.equal(await world.read("epochOf", 1), block / BigInt(parameters.epochBlocks));
    });

    it("has the seed of the first round after its last second, from that second on, once", async () => {
      const epoch = epochOf(1000);
      await reach(timeOf(1000) - 1n);
      await world.refuses(world.send(world.stranger, "recordBeacon", epoch, proofOf(1000)), "EpochRuns", epoch, timeOf(1000) - 1n);
      const { events } = await send(timeOf(1000), world.stranger, "recordBeacon", epoch, proofOf(1000));
      assert.deepEqual(events.map(({ eventName, args }) => [eventName, args]), [["SeedRecorded", { epoch, seed: seedOf(1000) }]]);
      assert.equal(await world.read("seedOf", epoch), seedOf(1000));
      await world.refuses(world.send(world.stranger, "recordBeacon", epoch, proofOf(1000)), "SeedKnown", epoch);
      await world.refuses(world.send(world.stranger, "recordWithoutBeacon", epoch), "SeedKnown", epoch);
    });

    it("has it at any later time", async () => {
      await send(timeOf(1000) + 10_000_000n, world.stranger, "recordBeacon", epochOf(1000), proofOf(1000));
      assert.equal(await world.read("seedOf", epochOf(1000)), seedOf(1000));
    });

    it("takes no other round, before, after or made up", async () => {
      await reach(timeOf(1004));
      for (const round of [1000, 1001, 1003]) await world.refuses(world.send(world.stranger, "recordBeacon", epochOf(1002), proofOf(round)), "BadBeacon", 1002n);
      await world.refuses(world.send(world.stranger, "recordBeacon", epochOf(1002), `0x${"00".repeat(96)}`), "BadBeacon", 1002n);
      await world.refuses(world.send(world.stranger, "recordBeacon", epochOf(1002), "0x"), "BadBeacon", 1002n);
    });

    it("takes no block's hash, and an epoch of blocks no round", async () => {
      await reach(timeOf(1000));
      await world.refuses(world.send(world.stranger, "recordSeed", epochOf(1000)), "WrongSource", epochOf(1000));
      const epoch = (await world.read("epochOf", 1)) - 1n;
      await world.refuses(world.send(world.stranger, "recordBeacon", epoch, proofOf(1000)), "WrongSource", epoch);
      await world.refuses(world.send(world.stranger, "recordWithoutBeacon", epoch), "WrongSource", epoch);
      await world.send(world.stranger, "recordSeed", epoch);
    });
  });

  describe("a job under the beacon", () => {
    it("is sampled and checked by its round, by the draw that anybody can repeat", async () => {
      const job = await submitted();
      const record = await world.recordOf(job.id);
      assert.equal(record.epoch + 1n, epochOf(1000));
      await send(timeOf(1000), world.stranger, "recordBeacon", epochOf(1000), proofOf(1000));
      assert.deepEqual(await world.isSampled(job.id), [true, model.isSampled(seedOf(1000), job.id, record.ratePpm)]);
      const roster = await Promise.all(Array.from({ length: 10 }, (_, i) => world.read("placeAt", i)));
      const terms = { seed: seedOf(1000), job: job.id, round: 0, roster, rosterLength: record.rosterLength, lastBlock: 0n, client: job.client.address, excluded: [roster[0].cluster] };
      const expected = model.picks(terms, 3);
      for (let attempt = 0; attempt < 3; attempt++) assert.equal(await world.drawnFor(job.id, attempt), expected[attempt]);

      const item = await world.releaseItem(job, await world.check(job));
      await send(timeOf(1000) + 2n, world.stranger, "release", [item]);
      assert.deepEqual(await world.read("stateOf", job.id), [State.Released, Outcome.Checked]);
      await world.checkBooks();
    });

    it("cannot be released before its round is there", async () => {
      const job = await submitted();
      const item = await world.releaseItem(job);
      await reach(timeOf(1000) + 600n);
      await assert.rejects(world.send(world.stranger, "release", [item]));
      await send(timeOf(1000) + 700n, world.stranger, "recordBeacon", epochOf(1000), proofOf(1000));
    });

    for (const [when, gone] of [[-1n, true], [0n, false]]) {
      it(`is checked by nobody who left by its epoch's last second, but by who left later (${when})`, async () => {
        const job = await submitted();
        const record = await world.recordOf(job.id);
        const roster = await Promise.all(Array.from({ length: 10 }, (_, i) => world.read("placeAt", i)));
        const terms = { seed: seedOf(1000), job: job.id, round: 0, roster, rosterLength: record.rosterLength, lastBlock: 0n, client: job.client.address, excluded: [roster[0].cluster] };
        const [first, second] = model.picks(terms, 2);
        await send(timeOf(1000) + when, world.operatorAt(first), "requestUnbonding", OTHER_CLOCK.minBond);
        await send(timeOf(1000) + 1n, world.stranger, "recordBeacon", epochOf(1000), proofOf(1000));
        assert.equal(await world.drawnFor(job.id, 0), gone ? second : first);
      });
    }

    it("is disputed under the beacon, too: the seats are drawn by the round after the accusation's epoch", async () => {
      const job = await submitted();
      await send(timeOf(1000), world.stranger, "recordBeacon", epochOf(1000), proofOf(1000));
      const { check, checkSignature } = await world.check(job, { value: keccak256(toHex("another")) });
      const record = await world.recordOf(job.id);
      await send(timeOf(1000) + 4n, world.stranger, "accuse", record, check, checkSignature);
      const { epoch } = await world.round(job);
      assert.equal(epoch + 1n, epochOf(1003));
      await world.refuses(world.about(job.id, "drawSeats"), "SeedUnknown", epochOf(1003));
      await send(timeOf(1003), world.stranger, "recordBeacon", epochOf(1003), proofOf(1003));
      await world.about(job.id, "drawSeats");
      const { seats } = await world.round(job);
      assert.equal(new Set(seats).size, seats.length);
      await world.pass(parameters.verdictWindow);
      await world.send(world.stranger, "lapse", await world.jobItems(job.id));
      await world.checkBooks();
    });

    it("keeps its clock when the parameters turn to block hashes, as those opened later have theirs", async () => {
      const authority = await new Authority(world).setUp(0);
      const job = await submitted();
      await world.send(world.governor, "addVersion", { ...OTHER_CLOCK, randomness: 0 });
      const later = await world.submitted({ operator: world.operators[1] });
      assert.ok((await world.recordOf(later.id)).epoch < FIRST);
      assert.equal(await authority.world.read("currentEpoch"), (await world.blockNumber()) / BigInt(parameters.epochBlocks));
      await send(timeOf(1000) + 60n, world.stranger, "recordBeacon", epochOf(1000), proofOf(1000));
      const item = await world.releaseItem(job, await world.check(job));
      await world.send(world.stranger, "release", [item]);
      await world.recordSeedAfter((await world.recordOf(later.id)).epoch);
      await world.passReview(later);
      await world.send(world.stranger, "release", [await world.releaseItem(later, await world.check(later))]);
      for (const { id } of [job, later]) assert.deepEqual(await world.read("stateOf", id), [State.Released, Outcome.Checked]);
      await world.checkBooks();
    });
  });

  describe("a beacon that has fallen silent", () => {
    const DAY = 86_400n;
    const last = timeOf(1000) - 1n;
    const epoch = epochOf(1000);

    it("is not given up for a day", async () => {
      await reach(last + DAY - 1n);
      await world.refuses(world.send(world.stranger, "recordWithoutBeacon", epoch), "Early", last + DAY - 1n, last + DAY);
    });

    it("is replaced by the hash of the block that says so, which nobody knew then", async () => {
      const { events, receipt } = await send(last + DAY, world.stranger, "recordWithoutBeacon", epoch);
      assert.deepEqual(events.map(({ eventName, args }) => [eventName, args]), [["BeaconMissed", { epoch, sourceBlock: BigInt(receipt.blockNumber) }]]);
      assert.equal(BigInt(await world.read("seedOf", epoch)), 0n);
      await world.send(world.stranger, "recordWithoutBeacon", epoch);
      const source = encodeAbiParameters([{ type: "bytes32" }, { type: "uint64" }], [receipt.blockHash, epoch]);
      assert.equal(await world.read("seedOf", epoch), keccak256(source));
    });

    it("is asked for another block when that hash was not recorded in time", async () => {
      const { receipt } = await send(last + DAY, world.stranger, "recordWithoutBeacon", epoch);
      await world.mine(257n);
      const { events } = await world.send(world.stranger, "recordWithoutBeacon", epoch);
      assert.equal(events[0].eventName, "BeaconMissed");
      assert.ok(events[0].args.sourceBlock > BigInt(receipt.blockNumber) + 256n);
      assert.equal(BigInt(await world.read("seedOf", epoch)), 0n);
    });

    it("is taken back in as long as there is no seed", async () => {
      await send(last + DAY, world.stranger, "recordWithoutBeacon", epoch);
      await world.send(world.stranger, "recordBeacon", epoch, proofOf(1000));
      assert.equal(await world.read("seedOf", epoch), seedOf(1000));
      await world.refuses(world.send(world.stranger, "recordWithoutBeacon", epoch), "SeedKnown", epoch);
    });

    it("holds up no job for ever: a stranger ends it", async () => {
      const job = await submitted();
      await send(last + DAY, world.stranger, "recordWithoutBeacon", epoch);
      await world.send(world.stranger, "recordWithoutBeacon", epoch);
      await world.pass(parameters.longReview + parameters.openWindow + 2);
      await world.send(world.stranger, "expire", await world.jobItems(job.id));
      assert.deepEqual(await world.read("stateOf", job.id), [State.Refunded, Outcome.Unavailable]);
      await world.checkBooks();
    });
  });
});
