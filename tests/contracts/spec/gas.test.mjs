// What the escrow costs: not more than protocol section 8 allows, and not more than 1 % above the committed figures.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { beside, measure, snapshot } from "../../../bench/gas.mjs";

const GROWTH = 1.01;
describe("gas", () => {
  let gas;
  before(async () => {
    gas = await measure();
  });

  it("stays below the aims", () => {
    for (const [name, [, aim]] of Object.entries(beside)) assert.ok(gas[name] <= aim, `${name} takes ${gas[name]} gas, the aim is ${aim}`);
  });

  it("has not grown (if it may: node bench/gas.mjs --write)", async () => {
    const committed = await snapshot();
    assert.deepEqual(Object.keys(gas), Object.keys(committed));
    for (const [name, figure] of Object.entries(committed)) {
      const most = Math.floor(figure * GROWTH);
      assert.ok(gas[name] <= most, `${name} takes ${gas[name]} gas, the snapshot says ${figure}`);
    }
  });
});
