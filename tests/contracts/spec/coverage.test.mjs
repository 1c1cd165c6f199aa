import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { spelledOut } from "../../../bench/coverage.mjs";

describe("the copy of the sources that coverage is measured on", () => {
  it("spells a requirement with an error of its own as the branch that it is", () => {
    assert.equal(spelledOut('require(a[f(x, y)] > 0, Bad("a, b", x)); next();'), 'if (!(a[f(x, y)] > 0)) revert Bad("a, b", x); next();');
    assert.equal(spelledOut("require(ok, IBeacon.No(1));\nrequire(b, C());"), "if (!(ok)) revert IBeacon.No(1);\nif (!(b)) revert C();");
  });

  it("leaves every line in its place and every other requirement alone", () => {
    assert.equal(spelledOut("require(\n  a,\n  B(1)\n);").split("\n").length, 4);
    assert.equal(spelledOut('require(a, "text"); require(b);'), 'require(a, "text"); require(b);');
  });
});
