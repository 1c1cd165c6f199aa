import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../support/fixture.mjs";
import { USD } from "../support/world.mjs";
import { State } from "../support/words.mjs";

// A known weakness: when this fails because it was mended, the section "Turns" of docs/economics.md has to go, too.
describe("a convicted operator", () => {
  it("takes jobs until its slash, which leaves them without a bond", async () => {
    const world = await fixture();
    const [operator] = world.operators;
    const terms = (maxPrice) => ({ operator, order: { maxPrice, unitPrice: 1n * USD, maxFee: maxPrice } });
    const largest = (world.parameters.minBond * BigInt(world.parameters.floorPpm)) / 2_000_000n;
    for (const client of world.clients) await world.fund(client, 2n * largest);

    const wrong = await world.convicted(terms(largest));
    const next = await world.opened(terms(40n * USD));
    await world.pass(world.parameters.appealWindow);
    await world.send(world.stranger, "slash", await world.jobItems(wrong.id));

    assert.equal((await world.read("stateOf", next.id))[0], State.Open);
    const { bond, exposure, active } = await world.read("operatorOf", operator.address);
    assert.deepEqual([bond, exposure, active], [0n, 40n * USD, false]);
    await world.checkBooks();
  });
});
