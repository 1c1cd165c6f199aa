// scripts/deployment.mjs against a node of its own: what it deploys is what it verifies, and what was changed is found.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createPublicClient, encodeDeployData, encodeFunctionData, http, toFunctionSelector } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { PUBLIC } from "../../../bench/economics.mjs";
import { artifact } from "../support/world.mjs";

const root = new URL("../../../", import.meta.url).pathname;
const [deployer, governor, guardian] = [0, 1, 2].map((addressIndex) => mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex }));
const KEY = `0x${Buffer.from(deployer.getHdKey().privateKey).toString("hex")}`;
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

let node, rpc, client, folder, plan, deployed, outcome;
const request = (method, ...params) => client.request({ method, params });
/** Runs the script; the key is in the environment unless another one is given. */
const run = (args, env = { ASSAY_DEPLOYER_KEY: KEY }) => new Promise((resolve) => {
  execFile(process.execPath, ["scripts/deployment.mjs", ...args], { cwd: root, env: { PATH: process.env.PATH, ...env } }, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, stdout, stderr, wrong: stderr.split("\n").filter((line) => line.startsWith("WRONG")) }));
});
const file = async (name, content) => {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};
const verify = async (...more) => run(["verify", "--rpc", rpc, "--escrow", deployed.escrow, ...more], {});
const sent = async (from, to, data) => {
  await request("anvil_impersonateAccount", from);
  const hash = await request("eth_sendTransaction", { from, to, data, gas: "0xf42400" });
  const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  assert.equal(receipt.status, "success");
  return receipt;
};
/** Does something to the chain, and undoes it when the check is over. */
async function meanwhile(act, check) {
  const snapshot = await request("evm_snapshot");
  await act();
  await check();
  assert.equal(await request("evm_revert", snapshot), true);
}

describe("deployment", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "assay-deployment-"));
    const port = await freePort();
    rpc = `http://127.0.0.1:${port}`;
    node = spawn(join(root, "node_modules/.bin/anvil"), ["--port", port, "--hardfork", "prague", "--silent"], { stdio: "ignore" });
    client = createPublicClient({ transport: http(rpc, { retryCount: 60, retryDelay: 100 }) });
    await client.getChainId();
    const { abi, bytecode } = await artifact("TestToken", "mocks/TestToken.sol");
    const { contractAddress: token } = await sent(deployer.address, undefined, encodeDeployData({ abi, bytecode }));
    plan = { ...JSON.parse(await readFile(join(root, "docs/examples/deployment.json"), "utf8")), token, governor: governor.address, guardian: guardian.address };
    plan.rewards = { submitter: governor.address, guardian: guardian.address, delay: 86_400 };
    outcome = await run(["deploy", "--rpc", rpc, "--plan", await file("plan.json", plan), "--out", join(folder, "out.json")]);
    assert.equal(outcome.code, 0, outcome.stderr);
    deployed = JSON.parse(outcome.stdout);
  });
  after(async () => {
    node.kill();
    await rm(folder, { recursive: true, force: true });
  });

  describe("the deployment script", () => {
    it("deploys what it then finds right, says where it is, and writes it down", async () => {
      assert.deepEqual(outcome.wrong, []);
      assert.deepEqual(JSON.parse(await readFile(join(folder, "out.json"), "utf8")), deployed);
      const all = await verify("--plan", join(folder, "plan.json"));
      assert.deepEqual([all.code, all.wrong], [0, []], all.stderr);
      assert.match(all.stderr, /code of the Quicknet .*\n.*/);
    });

    it("registers the runtimes of the plan, and misses those that are not there", async () => {
      const registered = await run(["verify", "--rpc", rpc, "--escrow", deployed.escrow, "--plan", join(folder, "plan.json")], {});
      assert.match(registered.stderr, /ok {5}runtime 1 is onnx, deterministic/);
      const { wrong } = await verify("--plan", await file("runtimes.json", { ...plan, runtimes: { 1: "llama", 2: "onnx" } }));
      assert.deepEqual(wrong.map((line) => line.split(",")[0]), ["WRONG  runtime 1 is llama", "WRONG  runtime 2 is onnx"]);
    });

    it("deploys a pool for rewards where the plan wants one, and verifies it by its address", async () => {
      const right = await verify("--plan", join(folder, "plan.json"), "--rewards", deployed.rewards);
      assert.deepEqual([right.code, right.wrong], [0, []], right.stderr);
      assert.match(right.stderr, /ok {5}rewards as planned/);
      const other = await verify("--plan", await file("other.json", { ...plan, rewards: { ...plan.rewards, delay: 1 } }), "--rewards", deployed.rewards);
      assert.deepEqual([other.code, other.wrong.length], [1, 1], other.stderr);
      assert.match(other.wrong[0], /rewards as planned/);
      const none = await verify("--rewards", deployed.escrow);
      assert.equal(none.code, 1);
      const bad = await run(["deploy", "--rpc", rpc, "--plan", await file("bad.json", { ...plan, rewards: { ...plan.rewards, delay: 0 } })]);
      assert.deepEqual([bad.code, bad.stdout], [2, ""]);
    });

    it("needs nothing but the address to verify", async () => assert.equal((await verify()).code, 0));

    it("leaves the deployer without any power", async () => {
      const { abi } = await artifact("Charter");
      const data = encodeFunctionData({ abi, functionName: "pause" });
      await assert.rejects(request("eth_call", { from: deployer.address, to: deployed.escrow, data }, "latest"));
      await request("eth_call", { from: guardian.address, to: deployed.escrow, data }, "latest");
    });

    it("deploys with a key from a keystore, and not with a wrong password", async () => {
      const keystore = join(root, "tests/vectors/deployer.keystore.json");
      const wrong = await run(["deploy", "--rpc", rpc, "--plan", join(folder, "plan.json"), "--keystore", keystore], { ASSAY_DEPLOYER_PASSWORD: "another" });
      assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
      const right = await run(["deploy", "--rpc", rpc, "--plan", join(folder, "plan.json"), "--keystore", keystore], { ASSAY_DEPLOYER_PASSWORD: "assay" });
      assert.equal(right.code, 0, right.stderr);
      assert.equal(JSON.parse(right.stdout).deployer, deployer.address);
    });

    it("refuses what it cannot do, and sends nothing", async () => {
      const before = await request("eth_blockNumber");
      const refused = async (args, env, message) => {
        const { code, stderr } = await run(args, env);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
      };
      const path = join(folder, "plan.json");
      await refused([], {}, /say deploy or verify/);
      await refused(["deploy", "--rpc", rpc], undefined, /--plan is missing/);
      await refused(["deploy", "--rpc", rpc, "--plan", path], {}, /ASSAY_DEPLOYER_KEY/);
      await refused(["deploy", "--rpc", rpc, "--plan", path, "--key", KEY], undefined, /Unknown option/);
      await refused(["verify", "--rpc", rpc, "--escrow", "0x12"], {}, /is no address/);
      await refused(["deploy", "--rpc", rpc, "--plan", await file("short.json", { ...plan, delay: PUBLIC.unbondingDelay })], undefined, /not longer than the unbonding delay/);
      await refused(["deploy", "--rpc", rpc, "--plan", await file("thin.json", { ...plan, most: undefined })], undefined, /lacks most/);
      assert.equal(await request("eth_blockNumber"), before);
      assert.equal((await run(["--help"], {})).code, 0);
    });

    it("says which parameter the contract refuses", async () => {
      const bad = await file("bad.json", { ...plan, parameters: { ...plan.parameters, minRoster: 4 } });
      const { code, stderr } = await run(["deploy", "--rpc", rpc, "--plan", bad]);
      assert.equal(code, 1);
      assert.match(stderr, /Escrow is refused: BadParameter\(minRoster\)/);
    });
  });

  describe("verification finds", () => {
    for (const name of ["escrow", "court", "bank", "charter", "authority", "beacon"]) {
      it(`another code of the ${name}`, async () => {
        const code = await client.getCode({ address: deployed[name] });
        const at = 2 + 2 * (code.length / 2 - 60);
        const changed = `${code.slice(0, at)}${code[at] === "0" ? "1" : "0"}${code.slice(at + 1)}`;
        await meanwhile(() => request("anvil_setCode", deployed[name], changed), async () => {
          const { code: exit, wrong } = await verify();
          assert.equal(exit, 1);
          assert.equal(wrong.length, 1);
          assert.match(wrong[0], /^WRONG {2}code of the /);
        });
      });
    }

    it("another immutable: an authority that the code names and nobody reads", async () => {
      const code = await client.getCode({ address: deployed.charter });
      const own = deployed.authority.slice(2).toLowerCase();
      const places = code.split(own).length - 1;
      assert.ok(places > 1);
      await meanwhile(() => request("anvil_setCode", deployed.charter, code.replace(own, deployer.address.slice(2).toLowerCase())), async () => {
        const { code: exit, wrong } = await verify();
        assert.equal(exit, 1);
        assert.match(wrong.join("\n"), /immutables of the Charter/);
      });
    });

    it("a governor that need not wait, a second one, and another holder than planned", async () => {
      const { abi } = await artifact("AccessManager", "@openzeppelin/contracts/access/manager/AccessManager.sol");
      // As the manager's own storage would have it if its admin had not waited.
      const grant = (role, account, delay) => async () => {
        const data = encodeFunctionData({ abi, functionName: "grantRole", args: [role, account, delay] });
        await sent(governor.address, deployed.authority, encodeFunctionData({ abi, functionName: "schedule", args: [deployed.authority, data, 0] }));
        await request("evm_increaseTime", plan.delay + 1);
        await request("evm_mine");
        await sent(governor.address, deployed.authority, data);
      };
      await meanwhile(grant(1n, deployer.address, 0), async () => {
        const { code, wrong } = await verify("--plan", join(folder, "plan.json"));
        assert.equal(code, 1);
        assert.match(wrong.join("\n"), new RegExp(`governor ${deployer.address} waits 0 s[^]*the governor is one[^]*governor as planned`));
      });
      await meanwhile(grant(2n, deployer.address, 0), async () => {
        const { wrong } = await verify();
        assert.match(wrong.join("\n"), /the guardian is one/);
      });
    });

    it("a power in others' hands, and a role that others may give", async () => {
      const { abi } = await artifact("AccessManager", "@openzeppelin/contracts/access/manager/AccessManager.sol");
      const finds = async (wrong, functionName, ...args) => {
        const data = encodeFunctionData({ abi, functionName, args });
        await meanwhile(async () => {
          await sent(governor.address, deployed.authority, encodeFunctionData({ abi, functionName: "schedule", args: [deployed.authority, data, 0] }));
          await request("evm_increaseTime", plan.delay + 1);
          await request("evm_mine");
          await sent(governor.address, deployed.authority, data);
        }, async () => assert.match((await verify()).wrong.join("\n"), wrong));
      };
      const power = async (of, name) => toFunctionSelector((await artifact(of)).abi.find((entry) => entry.name === name));
      await finds(/pause is the guardian's/, "setTargetFunctionRole", deployed.escrow, [await power("Charter", "pause")], 2n ** 64n - 1n);
      await finds(/registerRuntime is the admin's/, "setTargetFunctionRole", deployed.escrow, [await power("Registry", "registerRuntime")], 7n);
      await finds(/the governor's role is the admin's to give/, "setRoleAdmin", 1n, 7n);
    });

    it("other terms than planned, and an address where there is no escrow", async () => {
      const other = await file("other.json", { ...plan, parameters: { ...plan.parameters, reviewWindow: plan.parameters.reviewWindow + 1 }, guardian: deployer.address });
      const { code, wrong } = await verify("--plan", other);
      assert.equal(code, 1);
      assert.deepEqual(wrong.map((line) => line.slice(7).split(":")[0]), ["guardian as planned", "first parameters as planned"]);
      for (const nobody of [deployer.address, plan.token]) assert.equal((await run(["verify", "--rpc", rpc, "--escrow", nobody], {})).code, 1);
    });

    it("the example's parameters are those of docs/economics.md", async () => {
      const example = JSON.parse(await readFile(join(root, "docs/examples/deployment.json"), "utf8"));
      for (const [name, value] of Object.entries(PUBLIC)) assert.equal(BigInt(example.parameters[name]), BigInt(value), name);
    });
  });
});
