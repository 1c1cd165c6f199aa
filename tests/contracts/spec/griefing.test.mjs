import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { fixture } from "../support/fixture.mjs";
import { USD } from "../support/world.mjs";
import { Book, Outcome, Reason, Skip } from "../support/words.mjs";

describe("dust", () => {
  let world;
  beforeEach(async () => {
    world = await fixture();
  });

  it("a job of the least price pays its keeper whole and its check rounded up", async () => {
    const job = await world.agree({ order: { maxPrice: 1n, unitPrice: 1n }, units: 1n });
    const [client] = world.clients;
    const before = await world.read("available", client.address);
    await world.send(world.stranger, "open", [job.item]);
    assert.equal(before - (await world.read("available", client.address)), 1n + 1n + BigInt(world.parameters.keeperPart));
    await world.send(world.stranger, "submit", [await world.resultItem(job)]);
    await world.recordSeedAfter((await world.recordOf(job.id)).epoch);
    await world.passReview(job, world.parameters.longReview);
    const { events } = await world.send(world.stranger, "release", [await world.releaseItem(job)]);
    const moved = (reason) => events.filter((event) => event.eventName === "LedgerMoved" && event.args.reason === reason).map(({ args }) => args.amount);
    assert.deepEqual(moved(Reason.KeeperPart), [BigInt(world.parameters.keeperPart)]);
    assert.deepEqual(moved(Reason.Checks), [1n]);
    await world.checkBooks();
  });

  it("a penalty too small to share leaves its dust with the contract and nobody's books short", async () => {
    const job = await world.opened({ order: { maxPrice: 5n, unitPrice: 1n } });
    await world.pass(job.order.runWindow + 1);
    const { events } = await world.send(world.stranger, "expire", await world.jobItems(job.id));
    const penalty = events.filter((event) => event.eventName === "LedgerMoved" && event.args.reason === Reason.Penalty).map(({ args }) => [args.book, args.amount]);
    assert.deepEqual(penalty, [[Book.Bond, -1n]]);
    await world.checkBooks();
  });

  it("a deposit and a withdrawal of one unit are like any other", async () => {
    const before = await world.read("available", world.stranger.address);
    if (before > 0n) await world.send(world.stranger, "withdraw", before);
    await world.fund(world.stranger, 1n);
    await world.send(world.stranger, "withdraw", 1n);
    await world.refuses(world.send(world.stranger, "withdraw", 1n), "InsufficientBalance", 0n, 1n);
    await world.checkBooks();
  });
});

describe("long lists", () => {
  const COPIES = 200;
  let world;
  beforeEach(async () => {
    world = await fixture();
  });

  it("of the same item move it once, pay its keeper once, and name every copy that was left out", async () => {
    const job = await world.opened();
    await world.pass(job.order.runWindow + 1);
    const [item] = await world.jobItems(job.id);
    const { events } = await world.send(world.stranger, "expire", Array(COPIES).fill(item));
    assert.equal((await world.jobOf(job.id)).outcome, Outcome.NoShow);
    const skipped = events.filter((event) => event.eventName === "ItemSkipped");
    assert.equal(skipped.length, COPIES - 1);
    assert.ok(skipped.every(({ args }) => args.code === Skip.WrongState));
    assert.equal(events.filter((event) => event.eventName === "LedgerMoved" && event.args.reason === Reason.KeeperPart).length, 1);
    await world.checkBooks();
  });

  it("of jobs that nobody knows cost their sender alone", async () => {
    const job = await world.opened();
    await world.pass(job.order.runWindow + 1);
    const [item] = await world.jobItems(job.id);
    const strange = Array.from({ length: COPIES }, (_, i) => ({ ...item, id: `0x${(i + 1).toString(16).padStart(64, "0")}` }));
    await world.send(world.stranger, "expire", [...strange, item]);
    assert.equal((await world.jobOf(job.id)).outcome, Outcome.NoShow);
  });
});
