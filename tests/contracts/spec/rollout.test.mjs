// docs/adr/0011-no-upgrades.md, step by step: a new escrow takes over, and the old one is left with its pools and nothing else.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { keccak256, toHex } from "viem";
import { Authority } from "../support/authority.mjs";
import { USD, World } from "../support/world.mjs";
import { State } from "../support/words.mjs";

describe("a rollout of new contracts", () => {
  let world, authority, old, next, jobs, deposited;
  const runtime = ["registerRuntime", 1, keccak256(toHex("runtime")), true];
  const at = (escrow) => {
    world.escrow = escrow;
    world.domain = { ...world.domain, verifyingContract: escrow };
  };

  before(async () => {
    world = await World.create();
    old = world.escrow;
    authority = await new Authority(world).setUp(world.parameters.unbondingDelay + 1);
    for (const client of world.clients) await world.fund(client, 1_000n * USD);
    for (const operator of world.operators) await world.register(operator);
    jobs = [await world.opened(), await world.accused({ operator: world.operators[1], order: { maxPrice: 20n * USD } }), await world.decided({ operator: world.operators[2] })];
    deposited = await world.balance(old);
  });

  it("1. the new escrow stands beside the old one", async () => {
    next = await world.deployEscrow(world.parameters);
    assert.notEqual(next, old);
    at(next);
    await authority.schedule(...runtime);
    at(old);
  });

  it("2. nothing begins at the old one any more", async () => {
    await world.send(world.guardian, "pause");
    const [client] = world.clients;
    await world.refuses(world.send(client, "deposit", 1n), "IsPaused");
    await world.refuses(world.send(world.stranger, "open", [(await world.agree()).item]), "IsPaused");
  });

  it("3. jobs in flight end as agreed, moved by a stranger", async () => {
    const [open, accused, sampled] = jobs;
    await world.passReview(sampled);
    await world.send(world.stranger, "release", [await world.releaseItem(sampled, await world.check(sampled))]);
    await world.pass(world.parameters.verdictWindow);
    await world.send(world.stranger, "expire", await world.jobItems(open.id));
    await world.send(world.stranger, "lapse", await world.jobItems(accused.id));
    for (const { id } of jobs) assert.ok((await world.read("stateOf", id))[0] >= State.Released);
    await world.checkBooks();
  });

  it("4. clients take their money over, one by itself, one by a word that anybody carries", async () => {
    const [one, two] = world.clients;
    const left = [await world.read("available", one.address), await world.read("available", two.address)];
    await world.send(one, "withdraw", left[0]);
    const word = { account: two.address, to: two.address, amount: left[1], nonce: 10_000n, expiry: 2n ** 63n };
    await world.send(world.stranger, "withdrawSigned", word, await world.sign(two, "Withdraw", word));
    at(next);
    for (const [i, client] of [one, two].entries()) {
      await world.toToken(client, "approve", next, left[i]);
      await world.send(client, "deposit", left[i]);
      assert.equal(await world.read("available", client.address), left[i]);
    }
    at(old);
  });

  it("5. operators take bond and earnings, and bond themselves anew", async () => {
    for (const operator of world.operators) {
      const { bond } = await world.read("operatorOf", operator.address);
      await world.send(operator, "requestUnbonding", bond);
    }
    await world.pass(world.parameters.unbondingDelay);
    for (const operator of world.operators) {
      await world.send(operator, "withdrawBond");
      if ((await world.read("operatorOf", operator.address)).earned > 0n) await world.send(world.stranger, "claim", operator.address);
    }
    await world.send(world.stranger, "withdraw", await world.read("available", world.stranger.address));
    at(next);
    await authority.execute(...runtime);
    for (const operator of world.operators) await world.register(operator);
    const job = await world.opened({ client: world.clients[0] });
    assert.equal((await world.read("stateOf", job.id))[0], State.Open);
    at(old);
  });

  it("6. what is left of the old one are its pools", async () => {
    const [checkPool, insurancePool] = await world.read("pools");
    assert.equal(await world.balance(old), checkPool + insurancePool);
    assert.ok((await world.balance(old)) < deposited / 100n);
    for (const { address } of world.operators) assert.deepEqual(await world.read("operatorOf", address).then(({ bond, locked, earned }) => [bond, locked, earned]), [0n, 0n, 0n]);
  });
});
