// What others say to an order and to its job: who pays, in which pool, who keeps the content, and that both want it over.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { getAddress, keccak256, toHex } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD } from "../support/world.mjs";
import { Action, Answer, Comparison, Outcome, Skip, State } from "../support/words.mjs";

let world, p, client, payer, operator, stranger;
beforeEach(async () => {
  world = await fixture();
  p = world.parameters;
  [client, payer] = world.clients;
  [operator, stranger] = [world.operators[0], world.stranger];
});

const LATE = 2 ** 40 - 1;
const named = (events, name) => events.filter((event) => event.eventName === name).map((event) => event.args);
const skips = (job, code) => world.refuses(world.send(stranger, "open", [job.item]), "Skipped", code);
const cost = (job) => job.order.maxPrice + model.fee(p, job.order.maxPrice);
const approve = (perJob, perDay, until = LATE, from = payer) => world.send(from, "approveSpending", client.address, perJob, perDay, until);
const paid = (terms = {}) => world.agree({ order: { payer: payer.address, ...terms } });
// The tests' own time must not decide on which day they are.
const nextDay = async () => world.at((((await world.now()) / 86400n) + 1n) * 86400n);
const gains = async (act, ...accounts) => {
  const before = await Promise.all(accounts.map(({ address }) => world.read("available", address)));
  await act();
  return Promise.all(accounts.map(async ({ address }, i) => (await world.read("available", address)) - before[i]));
};

describe("an order at another's cost", () => {
  it("takes the payer's money and gives back to the payer, whatever the end", async () => {
    await approve(100n * USD, 1000n * USD);
    const ends = {
      remainder: async (job) => {
        await world.passReview(job);
        await world.send(stranger, "release", [await world.releaseItem(job)]);
        return [-cost(job) + job.order.maxPrice - job.units * job.order.unitPrice, 0n];
      },
      noShow: async (job) => {
        await world.pass(job.order.runWindow + 1);
        await world.send(stranger, "expire", await world.jobItems(job.id));
        return [model.noShow(p, { bond: p.minBond, maxPrice: job.order.maxPrice }).toClient, 0n];
      },
      cancel: async (job) => {
        await world.send(stranger, "cancel", [await world.cancelItem(job)]);
        return [-p.keeperPart, 0n];
      },
      lapse: async (job) => {
        await world.pass(p.verdictWindow + 1);
        await world.send(stranger, "lapse", await world.jobItems(job.id));
        return [-p.keeperPart, 0n];
      },
    };
    const starts = {
      remainder: (options) => world.decided({ ...options, operator: world.operators[1], sampled: false, units: 30n }), noShow: (options) => world.opened(options),
      cancel: (options) => world.opened(options), lapse: (options) => world.accused(options),
    };
    for (const [name, end] of Object.entries(ends)) {
      const before = await world.snapshot();
      let job, expected;
      const moved = await gains(async () => {
        job = await starts[name]({ order: { payer: payer.address } });
        assert.deepEqual([await world.reserved(payer), await world.reserved(client)], [cost(job), 0n], name);
        expected = await end({ ...job, units: 30n });
      }, payer, client);
      assert.deepEqual(moved, expected, name);
      await world.checkBooks();
      await world.restore(before);
    }
  });

  it("gives refund and compensation of a wrong result to the payer", async () => {
    await approve(100n * USD, 1000n * USD);
    const job = await world.convicted({ order: { payer: payer.address } });
    await world.pass(p.appealWindow);
    const [toPayer, toClient] = await gains(async () => world.send(stranger, "slash", await world.jobItems(job.id)), payer, client);
    assert.ok(toPayer > cost(job));
    assert.equal(toClient, 0n);
    await world.checkBooks();
  });

  it("tells of payer, pool and witness before the opening, and of nothing otherwise", async () => {
    await approve(100n * USD, 1000n * USD);
    const job = await paid({ witness: stranger.address });
    const { events } = await world.send(stranger, "open", [job.item]);
    assert.deepEqual(events.slice(0, 2).map(({ eventName }) => eventName), ["JobBound", "JobOpened"]);
    assert.deepEqual(events[0].args, { job: job.id, payer: payer.address, pool: 0, witness: stranger.address });
    const plain = await world.send(stranger, "open", [(await world.agree()).item]);
    assert.deepEqual(named(plain.events, "JobBound"), []);
  });

  it("needs the payer's approval, within its caps and its time, to the unit and to the second", async () => {
    await nextDay();
    await skips(await paid(), Skip.NotAllowed);
    const one = await paid();
    await approve(cost(one) - 1n, 1000n * USD);
    await skips(one, Skip.NotAllowed);
    const until = Number(await world.now()) + 1000;
    await approve(cost(one), 2n * cost(one), until);
    await world.send(stranger, "open", [one.item]);
    await world.at(until);
    await world.send(stranger, "open", [(await paid()).item]);
    assert.deepEqual(await world.read("spendingOf", payer.address, client.address), [cost(one), 2n * cost(one), until, 2n * cost(one)]);
    await skips(await paid(), Skip.NotAllowed);
    await approve(cost(one), 100n * cost(one), until);
    await skips(await paid(), Skip.NotAllowed);
    await world.checkBooks();
  });

  it("counts by day, whatever came back, and begins again with the next", async () => {
    const job = await paid();
    await nextDay();
    await approve(cost(job), 2n * cost(job));
    for (let i = 0; i < 2; i++) {
      const next = await world.opened({ order: { payer: payer.address } });
      await world.send(stranger, "cancel", [await world.cancelItem(next)]);
    }
    await skips(await paid(), Skip.NotAllowed);
    // An approval that is said again is no way around the day's cap.
    await approve(cost(job), 2n * cost(job));
    await skips(await paid(), Skip.NotAllowed);
    await nextDay();
    await world.opened({ order: { payer: payer.address } });
    assert.equal((await world.read("spendingOf", payer.address, client.address))[3], cost(job));
  });

  it("of one batch never passes the caps together", async () => {
    const jobs = await Promise.all([paid(), paid({ nonce: 900n }), paid({ nonce: 901n })]);
    await approve(cost(jobs[0]), 2n * cost(jobs[0]));
    const { events } = await world.send(stranger, "open", jobs.map(({ item }) => item));
    assert.deepEqual(named(events, "ItemSkipped"), [{ job: jobs[2].id, action: Action.Open, code: Skip.NotAllowed }]);
  });

  it("is at an end when the payer revokes, and jobs that are open stay", async () => {
    await approve(100n * USD, 1000n * USD);
    const job = await world.opened({ order: { payer: payer.address } });
    await approve(0n, 0n, 0);
    await skips(await paid(), Skip.NotAllowed);
    assert.equal((await world.jobOf(job.id)).state, State.Open);
  });

  it("takes nobody's money who approved somebody else, and none that is not there", async () => {
    await world.send(payer, "approveSpending", stranger.address, 100n * USD, 100n * USD, LATE);
    await skips(await paid(), Skip.NotAllowed);
    await world.send(client, "approveSpending", payer.address, 100n * USD, 100n * USD, LATE);
    await skips(await paid(), Skip.NotAllowed);
    await world.send(payer, "withdraw", await world.read("available", payer.address));
    await approve(100n * USD, 1000n * USD);
    await skips(await paid(), Skip.InsufficientFunds);
  });

  it("is served neither by its payer nor checked by it", async () => {
    const itself = world.operators[3];
    await world.fund(itself.account, 1000n * USD);
    await approve(100n * USD, 10_000n * USD, LATE, itself.account);
    await skips(await world.agree({ operator: itself, order: { operator: itself.address, payer: itself.address } }), Skip.NotEligible);
    const job = await world.decided({ order: { payer: itself.address }, sampled: true });
    const roster = await Promise.all(Array.from({ length: 10 }, (_, i) => world.read("placeAt", i)));
    const { epoch, rosterLength } = await world.recordOf(job.id);
    const lastBlock = (epoch + 2n) * BigInt(p.epochBlocks) - 1n;
    const subject = { seed: await world.read("seedOf", epoch + 1n), job: job.id, round: 0, roster, rosterLength, lastBlock, client: client.address, payer: itself.address };
    const picks = model.picks({ ...subject, excluded: [roster[0].cluster] }, 3);
    assert.deepEqual(await Promise.all([0, 1, 2].map((i) => world.drawnFor(job.id, i))), picks);
    assert.ok(!picks.includes(itself.address));
  });
});

describe("a signed spending approval", () => {
  const word = (rest = {}) => ({
    payer: payer.address, spender: client.address, perJob: 100n * USD, perDay: 200n * USD, until: LATE, nonce: 700n, expiry: 2n ** 64n - 1n, ...rest,
  });
  const carry = async (message, { by = payer, domain = world.domain } = {}) =>
    world.send(stranger, "approveSpendingSigned", message, await world.sign(by, "Spending", message, domain));

  it("does what the payer would, carried by anybody, once", async () => {
    const { events } = await carry(word());
    const { nonce, expiry, ...approved } = word();
    assert.deepEqual(named(events, "SpendingApproved"), [approved]);
    await world.opened({ order: { payer: payer.address } });
    await approve(0n, 0n, 0);
    await world.refuses(carry(word()), "NonceSpent", payer.address, 700n);
  });

  it("is nobody else's, of no other chain or contract, and not late", async () => {
    await world.refuses(carry(word(), { by: client }), "BadSignature", payer.address);
    for (const domain of [{ ...world.domain, chainId: 1 }, { ...world.domain, verifyingContract: world.bank }]) {
      await world.refuses(carry(word(), { domain }), "BadSignature", payer.address);
    }
    const expiry = await world.now();
    await world.pass(1);
    await world.refuses(carry(word({ expiry })), "Late");
    await world.refuses(carry(word({ spender: model.ZERO })), "ZeroAddress");
  });

  it("is taken back by its nonce, also by signature", async () => {
    const taken = { account: payer.address, spent: 700n, expiry: 2n ** 64n - 1n };
    const void_ = async (by, domain) => world.send(stranger, "cancelNonceSigned", taken, await world.sign(by, "Void", taken, domain));
    await world.refuses(void_(client), "BadSignature", payer.address);
    await world.refuses(void_(payer, { ...world.domain, chainId: 1 }), "BadSignature", payer.address);
    await void_(payer);
    await world.refuses(carry(word()), "NonceSpent", payer.address, 700n);
    await world.refuses(void_(payer), "NonceSpent", payer.address, 700n);
    const late = { ...taken, spent: 701n, expiry: 1n };
    await world.refuses(world.send(stranger, "cancelNonceSigned", late, await world.sign(payer, "Void", late)), "Late");
  });

  it("may be a contract wallet's", async () => {
    const wallet = await world.wallet(payer);
    await world.toToken(payer, "mint", payer.address, 500n * USD);
    await world.send(payer, "depositFor", wallet.address, 500n * USD);
    await carry(word({ payer: wallet.address }), { by: wallet });
    await world.opened({ order: { payer: wallet.address } });
    const refusing = await world.wallet(payer, Answer.WrongMagic);
    await world.refuses(carry(word({ payer: refusing.address }), { by: refusing }), "BadSignature", refusing.address);
  });
});

describe("a cancel", () => {
  it("gives all back but the keeper's part, blames nobody, and is final", async () => {
    const job = await world.opened();
    const before = await world.read("operatorOf", operator.address);
    const [back, part] = await gains(async () => {
      const { events } = await world.send(stranger, "cancel", [await world.cancelItem(job)]);
      assert.deepEqual(named(events, "JobRefunded"), [
        { job: job.id, client: client.address, outcome: Outcome.Cancelled, refund: cost(job) - p.keeperPart, penalty: 0n },
      ]);
    }, client, stranger);
    assert.deepEqual([back, part], [cost(job) - p.keeperPart, p.keeperPart]);
    assert.deepEqual(await world.read("operatorOf", operator.address), { ...before, exposure: 0n });
    await world.refuses(world.send(stranger, "cancel", [await world.cancelItem(job)]), "Skipped", Skip.WrongState);
    await world.checkBooks();
  });

  it("needs both, for this job, on this chain and contract, in time", async () => {
    const [job, other] = [await world.opened(), await world.opened({ operator: world.operators[2] })];
    const refused = async (item, code) => world.refuses(world.send(stranger, "cancel", [item]), "Skipped", code);
    await refused(await world.cancelItem(job, { client: payer }), Skip.BadClientSignature);
    await refused(await world.cancelItem(job, { signer: world.operators[1].signer }), Skip.BadOperatorSignature);
    // Neither the node key nor the operator's own account speaks for it.
    for (const signer of [operator.nodeKey, operator.account]) await refused(await world.cancelItem(job, { signer }), Skip.BadOperatorSignature);
    await refused({ ...(await world.cancelItem(other)), id: job.id }, Skip.WrongRecord);
    const { clientSignature, operatorSignature } = await world.cancelItem(other);
    await refused({ ...(await world.cancelItem(job)), clientSignature, operatorSignature }, Skip.BadClientSignature);
    for (const domain of [{ ...world.domain, chainId: 1 }, { ...world.domain, verifyingContract: world.court }]) {
      await refused(await world.cancelItem(job, { domain }), Skip.BadClientSignature);
    }
    for (const missing of ["clientSignature", "operatorSignature"]) {
      const code = missing === "clientSignature" ? Skip.BadClientSignature : Skip.BadOperatorSignature;
      await refused({ ...(await world.cancelItem(job)), [missing]: "0x" }, code);
    }
    const expiry = await world.now();
    await world.pass(1);
    await refused(await world.cancelItem(job, { expiry }), Skip.Expired);
    await world.send(client, "cancel", [{ ...(await world.cancelItem(job)), clientSignature: "0x" }]);
    assert.equal((await world.jobOf(job.id)).outcome, Outcome.Cancelled);
  });

  it("of a result that is in does nothing, so nobody takes back work that was done", async () => {
    const job = await world.opened();
    const item = await world.cancelItem(job);
    await world.send(stranger, "submit", [await world.resultItem(job)]);
    await world.refuses(world.send(stranger, "cancel", [item]), "Skipped", Skip.WrongState);
  });

  it("in a batch leaves out what is wrong and pays the rest's parts together", async () => {
    const jobs = [await world.opened(), await world.opened({ operator: world.operators[2] }), await world.opened({ operator: world.operators[3] })];
    const items = await Promise.all(jobs.map((job) => world.cancelItem(job)));
    items[1].operatorSignature = items[0].operatorSignature;
    const [parts] = await gains(async () => {
      const { events } = await world.send(stranger, "cancel", items);
      assert.deepEqual(named(events, "ItemSkipped"), [{ job: jobs[1].id, action: Action.Cancel, code: Skip.BadOperatorSignature }]);
    }, stranger);
    assert.equal(parts, 2n * p.keeperPart);
    await world.checkBooks();
  });
});

describe("a pool", () => {
  const listed = (account, orders, works) => ({ account: account.address, orders, works });

  it("opens orders for its clients with its operators only", async () => {
    const { events } = await world.send(payer, "createPool");
    assert.deepEqual(named(events, "PoolOwned"), [{ pool: 1, owner: payer.address }]);
    const inPool = (options) => world.agree({ order: { pool: 1 }, ...options });
    await skips(await inPool(), Skip.NotInPool);
    const set = await world.send(payer, "setPoolMembers", 1, [listed(client, true, false), listed(operator, false, true)]);
    assert.deepEqual(named(set.events, "PoolMemberSet"), [
      { pool: 1, account: client.address, orders: true, works: false }, { pool: 1, account: operator.address, orders: false, works: true },
    ]);
    assert.deepEqual(await world.read("poolMember", 1, client.address), [true, false]);
    await skips(await inPool({ client: payer }), Skip.NotInPool);
    await skips(await inPool({ operator: world.operators[2] }), Skip.NotInPool);
    const job = await world.opened({ order: { pool: 1 } });
    assert.deepEqual(named(await world.history([null, job.id]), "JobBound"), [{ job: job.id, payer: model.ZERO, pool: 1, witness: model.ZERO }]);
    await world.send(payer, "setPoolMembers", 1, [listed(client, false, false)]);
    await skips(await inPool(), Skip.NotInPool);
    assert.equal((await world.jobOf(job.id)).state, State.Open);
    await world.checkBooks();
  });

  it("that nobody made lets nobody in, and cannot be had", async () => {
    await skips(await world.agree({ order: { pool: 7 } }), Skip.NotInPool);
    for (const [name, ...args] of [["setPoolMembers", 7, []], ["transferPool", 7, stranger.address], ["setPoolMembers", 0, []]]) {
      await world.refuses(world.send(stranger, name, ...args), "NotPoolOwner");
    }
  });

  it("is changed by its owner alone, who may give it away", async () => {
    await world.send(payer, "createPool");
    await world.refuses(world.send(client, "setPoolMembers", 1, [listed(client, true, true)]), "NotPoolOwner", 1, client.address);
    await world.refuses(world.send(payer, "transferPool", 1, model.ZERO), "ZeroAddress");
    await world.send(payer, "transferPool", 1, client.address);
    await world.refuses(world.send(payer, "setPoolMembers", 1, []), "NotPoolOwner", 1, payer.address);
    await world.send(client, "setPoolMembers", 1, [listed(client, true, true)]);
    assert.equal(await world.read("poolOwner", 1), client.address);
    await world.send(payer, "createPool");
    assert.equal(await world.read("poolOwner", 2), payer.address);
  });
});

describe("a witness", () => {
  const witnessed = () => world.opened({ order: { witness: payer.address } });
  const submit = (item, from = stranger) => world.send(from, "submit", [item]);

  it("has to say that the content is stored, of this very commitment", async () => {
    const job = await witnessed();
    const refused = async (item) => world.refuses(submit(item), "Skipped", Skip.BadWitness);
    await refused(await world.resultItem(job));
    await refused(await world.resultItem(job, job.result, operator.nodeKey, client));
    await refused({ ...(await world.resultItem(job)), signature: "0x" });
    const other = await world.resultItem(job, { ...job.result, commitment: keccak256("0x01") }, operator.nodeKey, payer);
    const own = await world.sign(operator.nodeKey, "Result", job.result);
    await refused({ ...other, result: job.result, signature: own + other.signature.slice(132) });
    await world.refuses(submit(await world.resultItem(job, job.result, stranger, payer)), "Skipped", Skip.BadNodeSignature);
    const item = await world.resultItem(job, job.result, operator.nodeKey, payer);
    await submit(item);
    assert.equal((await world.jobOf(job.id)).state, State.Submitted);
    // What follows the node key's signature where no witness is asked for makes it another signature.
    const plain = await world.opened({ operator: world.operators[2] });
    await world.refuses(submit(await world.resultItem(plain, plain.result, plain.operator.nodeKey, payer)), "Skipped", Skip.BadNodeSignature);
  });

  it("speaks for the node key that sends by itself, too", async () => {
    const job = await witnessed();
    const { signature, ...item } = await world.resultItem(job, job.result, operator.nodeKey, payer);
    const node = await world.unlocked(operator.nodeKey);
    await submit({ ...item, signature: `0x${signature.slice(132)}` }, node);
    assert.equal((await world.jobOf(job.id)).state, State.Submitted);
  });
});

describe("exact comparison", () => {
  const RUNTIME = keccak256(toHex("runtime"));
  const register = (from, ...args) => world.send(from, "registerRuntime", ...args);

  it("is for runtimes that the authority answers for", async () => {
    for (const runtime of [0, 2, 128, 255]) await skips(await world.agree({ order: { runtime } }), Skip.NotDeterministic);
    await world.opened({ order: { runtime: 0, comparison: Comparison.Tolerance } });
    const other = keccak256(toHex("another runtime"));
    const { events } = await register(world.governor, 127, other, true);
    assert.deepEqual(named(events, "RuntimeRegistered"), [{ number: 127, runtime: other, deterministic: true }]);
    assert.deepEqual(await world.read("runtimeOf", 127), [other, true]);
    const job = await world.opened({ order: { runtime: 127 } });
    await register(world.governor, 127, other, false);
    assert.deepEqual(await world.read("runtimeOf", 127), [other, false]);
    await skips(await world.agree({ order: { runtime: 127 } }), Skip.NotDeterministic);
    await world.opened({ order: { runtime: 1 } });
    assert.equal((await world.jobOf(job.id)).state, State.Open);
  });

  it("has numbers that stand for one runtime for ever, given by the authority alone", async () => {
    await world.refuses(register(world.deployer, 2, RUNTIME, true), "NotAuthorized", world.deployer.address);
    await world.refuses(register(stranger, 2, RUNTIME, true), "NotAuthorized", stranger.address);
    await world.refuses(register(world.governor, 1, keccak256("0x02"), true), "RuntimeTaken", 1, RUNTIME);
    for (const number of [0, 128, 255]) await world.refuses(register(world.governor, number, RUNTIME, true), "RuntimeTaken", number, model.ZERO32);
    await world.refuses(register(world.governor, 2, model.ZERO32, true), "RuntimeTaken", 2, model.ZERO32);
  });
});

describe("a cluster", () => {
  const person = (i) => ({ ...world.person(20 + i), ...account(i) });
  const account = (i) => ({ account: [world.stranger, world.clients[0], world.clients[1]][i], address: [world.stranger, world.clients[0], world.clients[1]][i].address });
  async function join(i, payout, owner) {
    const who = person(i);
    await world.toToken(who, "mint", who.address, p.minBond);
    await world.toToken(who, "approve", world.escrow, 2n ** 256n - 1n);
    return world.send(who, ...(owner ? ["registerOwned", who.signer.address, payout, owner] : ["register", who.signer.address, payout]), p.minBond);
  }
  const OWNER = getAddress("0x0000000000000000000000000000000000000042");
  const adopt = (i, owner = OWNER) => world.adopt({ address: owner }, person(i));
  const places = async () => Promise.all(Array.from({ length: await world.read("rosterLength") }, (_, i) => world.read("placeAt", i)));
  const clusterAt = async (place) => (await world.read("placeAt", place)).cluster;

  it("is who has the same owner or the same payout address", async () => {
    for (const i of [0, 1, 2]) await adopt(i);
    const first = await join(0, person(0).payout, OWNER);
    assert.deepEqual(named(first.events, "OperatorRegistered")[0].owner, OWNER);
    const second = await join(1, person(1).payout, OWNER);
    const third = await join(2, OWNER);
    const clusters = (await places()).slice(10).map(({ cluster }) => cluster);
    assert.equal(new Set(clusters).size, 1);
    for (const { events } of [first, second, third]) assert.equal(named(events, "OperatorJoined")[0].cluster, OWNER);
    assert.deepEqual([await world.read("activeOperators"), await world.read("activeClusters")], [13, 11]);
  });

  it("is not entered without its owner's word, by whoever wants no check of it", async () => {
    const checker = world.operators[1];
    const own = person(0).payout;
    for (const owner of [checker.payout, OWNER]) await world.refuses(join(0, own, owner), "NotAdopted", owner, person(0).address);
    await world.refuses(join(0, checker.payout), "NotAdopted", checker.payout, person(0).address);
    // Another's word, or one for another, is none.
    await adopt(0, world.operators[2].payout);
    await adopt(1, checker.payout);
    await world.refuses(join(0, own, checker.payout), "NotAdopted", checker.payout, person(0).address);
    await join(1, checker.payout);
    assert.equal(await clusterAt(10), await clusterAt(1));
    // Who is its own owner needs no other's word.
    await join(0, own, person(0).address);
    assert.equal(await world.read("activeClusters"), 11);
  });

  it("is not entered through a payout address that somebody of it shares with others", async () => {
    const [checker, bridge] = [world.operators[1], person(0)];
    // An operator that is paid where the checker is, under an owner who would let more of them in.
    await adopt(0);
    await world.refuses(join(0, checker.payout, OWNER), "ClustersDiffer", checker.payout, OWNER);
    // And one who was there before the checker.
    await join(0, bridge.payout, OWNER);
    await adopt(1, bridge.payout);
    await world.refuses(join(1, bridge.payout), "ClustersDiffer", bridge.payout, bridge.payout);
  });

  it("never becomes one with another afterwards", async () => {
    const taken = world.operators[0].payout;
    await adopt(0);
    await adopt(1);
    await adopt(1, taken);
    await join(0, person(0).payout, OWNER);
    await world.refuses(join(1, taken, OWNER), "ClustersDiffer", taken, OWNER);
    await world.refuses(join(1, person(1).payout, model.ZERO), "ZeroAddress");
    await join(1, person(1).payout, taken);
    assert.equal((await places())[11].cluster, (await places())[0].cluster);
  });

  it("counts once for the least roster, however many places it holds", async () => {
    for (let i = 0; i < 3; i++) await adopt(i);
    for (let i = 0; i < 3; i++) await join(i, OWNER, OWNER);
    const retire = (who) => world.send(who, "requestUnbonding", 1n);
    // Four clusters are left, of seven places.
    for (const each of world.operators.slice(0, 7)) await retire(each);
    const terms = { operator: world.operators[8], client: world.operators[0].account };
    await world.fund(terms.client, 1000n * USD);
    assert.deepEqual([await world.read("activeOperators"), await world.read("activeClusters")], [6, 4]);
    await skips(await world.agree(terms), Skip.RosterTooSmall);
    await retire(person(0));
    assert.equal(await world.read("activeClusters"), 4);
    for (const i of [1, 2]) await retire(person(i));
    assert.equal(await world.read("activeClusters"), 3);
  });
});
