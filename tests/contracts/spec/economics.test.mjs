import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../support/fixture.mjs";
import { USD } from "../support/world.mjs";
import { Skip, State } from "../support/words.mjs";

// The section "Turns" of docs/economics.md rests on this.
describe("an accused operator", () => {
  const terms = (operator, maxPrice) => ({ operator, order: { maxPrice, unitPrice: 1n * USD, maxFee: maxPrice } });

  it("takes no job on the stake that its accusation pledged: with all of it pledged, none", async () => {
    const world = await fixture();
    const [operator] = world.operators;
    const largest = (world.parameters.minBond * BigInt(world.parameters.floorPpm)) / 2_000_000n;
    for (const client of world.clients) await world.fund(client, 2n * largest);

    const wrong = await world.accused(terms(operator, largest));
    const next = await world.agree(terms(operator, 1n * USD));
    await world.refuses(world.send(world.stranger, "open", [next.item]), "Skipped", Skip.Admission);

    await world.pass(world.parameters.verdictWindow + 1);
    await world.send(world.stranger, "lapse", await world.jobItems(wrong.id));
    await world.send(world.stranger, "open", [next.item]);
    assert.equal((await world.read("stateOf", next.id))[0], State.Open);
    await world.checkBooks();
  });

  it("takes jobs on what is not pledged, which covers them when the slash has come", async () => {
    const world = await fixture();
    const [operator] = world.operators;
    const wrong = await world.convicted(terms(operator, 20n * USD));
    const { bond } = await world.read("operatorOf", operator.address);
    const next = await world.opened(terms(operator, 20n * USD));
    await world.pass(world.parameters.appealWindow);
    await world.send(world.stranger, "slash", await world.jobItems(wrong.id));

    const after = await world.read("operatorOf", operator.address);
    assert.equal((await world.read("stateOf", next.id))[0], State.Open);
    assert.deepEqual([after.bond, after.exposure, after.locked], [bond, 20n * USD, 0n]);
    assert.ok(after.bond >= (2n * 20n * USD * 1_000_000n) / BigInt(world.parameters.floorPpm));
    await world.checkBooks();
  });
});
