import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { bytesToHex, concat, domainSeparator, encodeAbiParameters, encodeFunctionData, hexToBytes, keccak256, numberToHex, toHex } from "viem";
import * as model from "../support/model.mjs";
import { fixture } from "../support/fixture.mjs";
import { USD, World } from "../support/world.mjs";
import { Action, Outcome, Skip, State } from "../support/words.mjs";

const ORDER_OF_CURVE = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The other signature of the same key over the same digest. */
function malleable(signature) {
  const bytes = hexToBytes(signature);
  const s = BigInt(bytesToHex(bytes.slice(32, 64)));
  bytes.set(hexToBytes(numberToHex(ORDER_OF_CURVE - s, { size: 32 })), 32);
  bytes[64] = bytes[64] === 27 ? 28 : 27;
  return bytesToHex(bytes);
}

describe("opening a job", () => {
  let world, client, operator;
  beforeEach(async () => {
    world = await fixture();
    [client] = world.clients;
    [operator] = world.operators;
  });

  const skips = async (job, code) => {
    const before = await world.read("available", job.order.client);
    await world.refuses(world.send(world.stranger, "open", [job.item]), "Skipped", code);
    assert.equal((await world.jobOf(job.id)).state, State.None);
    assert.equal(await world.read("available", job.order.client), before);
  };

  /** Keys that sign only have neither coins nor a place among the chain's accounts. */
  const rich = async (account) => {
    await world.rpc("hardhat_impersonateAccount", account.address);
    await world.rpc("hardhat_setBalance", account.address, numberToHex(10n ** 18n));
    return account;
  };

  describe("given an order and an acceptance", () => {
    it("reserves price and fee, raises the exposure and keeps the terms", async () => {
      const job = await world.agree();
      const fee = model.fee(world.parameters, job.order.maxPrice);
      const before = await world.read("available", client.address);
      const { events } = await world.send(world.stranger, "open", [job.item]);
      const openedAt = await world.now();
      const { workload, policy, comparison, unitPrice, maxPrice, runWindow, nonce } = job.order;
      const record = model.recordOf({
        client: client.address, payer: model.ZERO, operator: operator.address, nodeKey: operator.nodeKey.address, witness: model.ZERO, comparison, unitPrice,
        maxPrice, fee, openedAt, runWindow, submittedAt: 0n, epoch: 0n, ratePpm: 1_000_000, rosterLength: 10, version: 1, bound: false, commitment: model.ZERO32,
      });
      const { terms, course, nodeKey } = record;
      assert.deepEqual(events[0].args, { job: job.id, client: client.address, operator: operator.address, nodeKey, workload, policy, nonce, terms, course });
      assert.deepEqual(await world.jobOf(job.id), { ...record, state: State.Open, outcome: Outcome.None });
      assert.deepEqual([await world.read("available", client.address), await world.reserved(client)], [before - maxPrice - fee, maxPrice + fee]);
      assert.equal((await world.read("operatorOf", operator.address)).exposure, maxPrice);
      await world.checkBooks();
    });

    it("the job id is the digest of the order", async () => {
      const job = await world.agree();
      assert.equal(await world.read("hashOrder", job.order), job.id);
    });

    it("an order for anybody goes to whoever accepted it", async () => {
      const job = await world.opened({ operator: world.operators[3], terms: {}, order: { operator: model.ZERO } });
      assert.equal((await world.jobOf(job.id)).operator, world.operators[3].address);
    });

    it("both deadlines include their last second", async () => {
      const now = await world.now();
      const job = await world.agree({ order: { expiry: now + 100n }, acceptance: { openBy: now + 100n } });
      await world.at(now + 100n);
      await world.send(world.stranger, "open", [job.item]);
      assert.equal((await world.jobOf(job.id)).state, State.Open);
    });
  });

  describe("given terms that nobody should sign", () => {
    for (const [name, order, acceptance] of [
      ["a price of nothing", { maxPrice: 0n }], ["no time to run", { runWindow: 0 }], ["more time than is allowed", { runWindow: 301 }],
      ["no node key", {}, { nodeKey: model.ZERO }],
    ]) {
      it(`skips ${name}`, async () => skips(await world.agree({ order, acceptance }), Skip.BadTerms));
    }

    it("skips a fee above what the client allows, to the unit", async () => {
      const fee = model.fee(world.parameters, 40n * USD);
      await skips(await world.agree({ order: { maxFee: fee - 1n } }), Skip.FeeTooLow);
      await world.opened({ order: { maxFee: fee } });
    });

    it("rounds the fee up", async () => {
      const job = await world.opened({ order: { maxPrice: 40_000_001n } });
      assert.equal((await world.jobOf(job.id)).fee, 4_000_001n + world.parameters.keeperPart);
    });
  });

  describe("given signatures", () => {
    it("skips an expired order and an expired acceptance", async () => {
      const now = await world.now();
      const order = await world.agree({ order: { expiry: now + 10n } });
      const acceptance = await world.agree({ acceptance: { openBy: now + 10n } });
      await world.pass(10);
      await skips(order, Skip.Expired);
      await skips(acceptance, Skip.Expired);
    });

    it("skips an order or acceptance signed by somebody else", async () => {
      const job = await world.agree();
      const orderSignature = await world.sign(world.stranger, "Order", job.order);
      await skips({ ...job, item: { ...job.item, orderSignature } }, Skip.BadClientSignature);
      const byBond = await world.sign(operator.account, "Acceptance", job.acceptance);
      await skips({ ...job, item: { ...job.item, acceptanceSignature: byBond } }, Skip.BadOperatorSignature);
    });

    it("skips the malleable twin of a signature", async () => {
      const job = await world.agree();
      await skips({ ...job, item: { ...job.item, orderSignature: malleable(job.item.orderSignature) } }, Skip.BadClientSignature);
      await skips({ ...job, item: { ...job.item, acceptanceSignature: malleable(job.item.acceptanceSignature) } }, Skip.BadOperatorSignature);
    });

    it("skips signatures of a wrong length and of nobody", async () => {
      const job = await world.agree();
      for (const orderSignature of ["0x", job.item.orderSignature.slice(0, -2), `${job.item.orderSignature}00`, `0x${"00".repeat(65)}`]) {
        await skips({ ...job, item: { ...job.item, orderSignature } }, Skip.BadClientSignature);
      }
      const byNobody = await world.agree({ order: { client: model.ZERO, maxPrice: 1n } });
      await skips({ ...byNobody, item: { ...byNobody.item, orderSignature: `0x${"00".repeat(65)}` } }, Skip.InsufficientFunds);
    });

    it("an empty signature is the sender's, and nobody else's", async () => {
      const job = await world.agree();
      const unordered = { ...job.item, orderSignature: "0x" };
      const unaccepted = { ...job.item, acceptanceSignature: "0x" };
      const refused = (from, item, code) => world.refuses(world.send(from, "open", [item]), "Skipped", code);
      for (const from of [world.stranger, operator.account, operator.signer, world.clients[1]]) {
        await refused(await rich(from), unordered, Skip.BadClientSignature);
      }
      for (const from of [world.stranger, client, operator.account, world.operators[1].signer]) await refused(await rich(from), unaccepted, Skip.BadOperatorSignature);

      const start = await world.snapshot();
      await world.send(client, "open", [unordered]);
      assert.equal((await world.jobOf(job.id)).state, State.Open);
      await world.restore(start);
      await world.send(await rich(operator.signer), "open", [unaccepted]);
      assert.equal((await world.jobOf(job.id)).state, State.Open);
      await world.checkBooks();
    });

    it("skips an order or acceptance for another chain or contract", async () => {
      const home = world.domain;
      for (const foreign of [{ chainId: 1 }, { verifyingContract: world.token }, { version: "2" }, { name: "Other" }]) {
        const job = await world.agree();
        world.domain = { ...home, ...foreign };
        const orderSignature = await world.sign(client, "Order", job.order);
        const acceptanceSignature = await world.sign(operator.signer, "Acceptance", job.acceptance);
        world.domain = home;
        await skips({ ...job, item: { ...job.item, orderSignature } }, Skip.BadClientSignature);
        await skips({ ...job, item: { ...job.item, acceptanceSignature } }, Skip.BadOperatorSignature);
      }
    });

    it("after a fork with another chain id the old signatures are worthless", async () => {
      const fork = await World.create({}, undefined, { chainId: 4242 });
      for (const forkClient of fork.clients) await fork.fund(forkClient, 1000n * USD);
      for (const each of fork.operators) await fork.register(each);
      assert.equal(fork.escrow, world.escrow);
      const job = await world.agree();
      const acceptance = { ...job.acceptance, order: fork.digest("Order", job.order) };
      const item = { ...job.item, acceptanceSignature: await fork.sign(operator.signer, "Acceptance", acceptance) };
      await fork.refuses(fork.send(fork.stranger, "open", [item]), "Skipped", Skip.BadClientSignature);
      await fork.connection.close();
    });

    it("a changed word breaks the client's signature", async () => {
      const job = await world.agree();
      const order = { ...job.order, maxPrice: job.order.maxPrice - 1n };
      const id = world.digest("Order", order);
      const acceptance = { ...job.acceptance, order: id };
      const acceptanceSignature = await world.sign(operator.signer, "Acceptance", acceptance);
      await skips({ ...job, id, order, item: { ...job.item, order, acceptanceSignature } }, Skip.BadClientSignature);
    });

    it("refuses words with bits beyond their types, even if client and operator sign them", async () => {
      const order = (await world.agree()).order;
      const widths = { client: 160, operator: 160, comparison: 8, unitPrice: 96, maxPrice: 96, maxFee: 96, runWindow: 32, expiry: 64, payer: 160, pool: 32, runtime: 8, witness: 160 };
      const names = model.types.Order.map(({ name }) => name);
      const words = (item) => encodeAbiParameters(model.types.Order, names.map((name) => item[name])).slice(2);
      for (const [name, width] of Object.entries(widths)) {
        for (const bit of [width, 255]) {
          const at = 64 * names.indexOf(name);
          const clean = words(order);
          const word = BigInt(`0x${clean.slice(at, at + 64)}`) | (1n << BigInt(bit));
          const dirty = clean.slice(0, at) + numberToHex(word, { size: 32 }).slice(2) + clean.slice(at + 64);
          // The digest of the words as they are, as a contract that copied them would take it.
          const encodeType = `Order(${model.types.Order.map((entry) => `${entry.type} ${entry.name}`).join(",")})`;
          const id = keccak256(concat(["0x1901", domainSeparator({ domain: world.domain }), keccak256(`${keccak256(toHex(encodeType))}${dirty}`)]));
          const { acceptance, item } = await world.agree({ order: { ...order } });
          const signed = {
            ...item, orderSignature: await client.sign({ hash: id }), acceptanceSignature: await world.sign(operator.signer, "Acceptance", { ...acceptance, order: id }),
          };
          const data = encodeFunctionData({ abi: world.abi, functionName: "open", args: [[signed]] });
          assert.equal(data.split(clean).length, 2);
          await assert.rejects(world.sendRaw(world.stranger, data.replace(clean, dirty)), /revert/, `${name}, bit ${bit}`);
          assert.deepEqual(await world.read("stateOf", id), [State.None, Outcome.None]);
        }
      }
      await world.checkBooks();
    });

    it("an order opens once", async () => {
      const job = await world.opened();
      await world.refuses(world.send(world.stranger, "open", [job.item]), "Skipped", Skip.NonceUsed);
    });

    it("a nonce opens one order, and none once cancelled", async () => {
      const job = await world.opened();
      await skips(await world.agree({ order: { nonce: job.order.nonce, workload: job.id } }), Skip.NonceUsed);
      await world.send(client, "cancelNonce", 5000n);
      await skips(await world.agree({ order: { nonce: 5000n } }), Skip.NonceUsed);
      await world.opened({ order: { nonce: 5001n } });
    });

    it("an acceptance of another order, of other terms, or by another operator than asked for is skipped", async () => {
      const [one, two] = [await world.agree(), await world.agree()];
      const { acceptanceSignature } = two.item;
      await skips({ ...one, item: { ...one.item, acceptanceSignature } }, Skip.BadOperatorSignature);
      for (const change of [{ nodeKey: world.stranger.address }, { openBy: one.item.openBy + 1n }]) {
        await skips({ ...one, item: { ...one.item, ...change } }, Skip.BadOperatorSignature);
      }
      await skips(await world.agree({ operator: world.operators[2], order: { operator: operator.address } }), Skip.WrongOperator);
    });
  });

  describe("given the operator's standing", () => {
    it("skips strangers, the retired, and a client that would serve itself", async () => {
      const unknown = { address: world.stranger.address, signer: world.stranger, nodeKey: world.stranger };
      await skips(await world.agree({ operator: unknown }), Skip.NotEligible);
      await world.send(operator, "requestUnbonding", 1n);
      await skips(await world.agree(), Skip.NotEligible);
      const itself = world.operators[4];
      await world.fund(itself.account, 100n * USD);
      await skips(await world.agree({ client: itself.account, operator: itself }), Skip.NotEligible);
    });

    it("admits a price up to f * B / 2 and an exposure up to B / 2, to the unit", async () => {
      const bound = (world.parameters.minBond * BigInt(world.parameters.floorPpm)) / model.PPM / 2n;
      await skips(await world.agree({ order: { maxPrice: bound + 1n } }), Skip.Admission);
      for (let i = 0; i < 10; i++) await world.opened({ order: { maxPrice: bound } });
      assert.equal((await world.read("operatorOf", operator.address)).exposure, world.parameters.minBond / 2n);
      await skips(await world.agree({ order: { maxPrice: 1n } }), Skip.Admission);
      await world.checkBooks();
    });

    it("unbonding stake backs no new job", async () => {
      await world.toToken(operator, "mint", operator.address, 1000n * USD);
      await world.send(operator, "addBond", 1000n * USD);
      await world.opened({ order: { maxPrice: 100n * USD, maxFee: 20n * USD } });
      await world.send(operator, "requestUnbonding", 1000n * USD);
      await skips(await world.agree({ order: { maxPrice: 51n * USD } }), Skip.Admission);
    });

    it("is refused while fewer are active than a draw needs", async () => {
      for (const each of world.operators.slice(0, 2)) await world.send(each, "requestUnbonding", 1n);
      await world.opened({ operator: world.operators[9] });
      await world.send(world.operators[2], "requestUnbonding", 1n);
      await skips(await world.agree({ operator: world.operators[9] }), Skip.RosterTooSmall);
    });
  });

  it("skips what the client cannot pay, to the unit", async () => {
    const need = 40n * USD + model.fee(world.parameters, 40n * USD);
    const available = await world.read("available", client.address);
    await world.send(client, "withdraw", available - need + 1n);
    await skips(await world.agree(), Skip.InsufficientFunds);
    await world.toToken(client, "mint", client.address, 1n);
    await world.send(client, "deposit", 1n);
    await world.opened();
    assert.deepEqual([await world.read("available", client.address), await world.reserved(client)], [0n, need]);
    await world.checkBooks();
  });

  describe("given a batch with one bad item", () => {
    it("opens the others and says why", async () => {
      const jobs = [await world.agree(), await world.agree({ order: { maxPrice: 0n } }), await world.agree()];
      const { events } = await world.send(world.stranger, "open", jobs.map((job) => job.item));
      const skipped = events.filter((event) => event.eventName === "ItemSkipped").map((event) => event.args);
      assert.deepEqual(skipped, [{ job: jobs[1].id, action: Action.Open, code: Skip.BadTerms }]);
      const states = await Promise.all(jobs.map(async (job) => (await world.jobOf(job.id)).state));
      assert.deepEqual(states, [State.Open, State.None, State.Open]);
      await world.checkBooks();
    });

    it("the same order twice opens once", async () => {
      const job = await world.agree();
      const { events } = await world.send(world.stranger, "open", [job.item, job.item]);
      assert.deepEqual(events.filter((event) => event.eventName === "ItemSkipped").map((event) => event.args.code), [Skip.NonceUsed]);
      await world.checkBooks();
    });

    it("the last money goes to the first item", async () => {
      const need = 40n * USD + model.fee(world.parameters, 40n * USD);
      const available = await world.read("available", client.address);
      await world.send(client, "withdraw", available - need);
      const jobs = [await world.agree(), await world.agree()];
      const { events } = await world.send(world.stranger, "open", jobs.map((job) => job.item));
      assert.equal(events.at(-1).args.code, Skip.InsufficientFunds);
      await world.checkBooks();
    });
  });
});
