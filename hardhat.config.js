import { createRequire } from "node:module";
import nodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import viem from "@nomicfoundation/hardhat-viem";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

// The compiler comes from npm with a locked hash; nothing is downloaded.
const compiler = (runs) => ({
  version: "0.8.37",
  path: require.resolve("solc/soljson.js"),
  settings: {
    viaIR: true,
    // Transient storage is the newest opcode used; naming its fork keeps the code deployable on chains that lag.
    evmVersion: "cancun",
    optimizer: { enabled: true, runs },
  },
});

export default defineConfig({
  plugins: [nodeTestRunner, viem],
  solidity: {
    compilers: [compiler(1_000_000)],
    // Called in a dispute only, so that its size counts more than its gas.
    overrides: { "contracts/Court.sol": compiler(200) },
    // Who may change parameters and pause is decided by this one, which is deployed as it is.
    npmFilesToBuild: ["@openzeppelin/contracts/access/manager/AccessManager.sol"],
  },
  paths: {
    sources: "contracts",
    tests: { nodejs: "tests/contracts/spec", solidity: "tests/contracts/fuzz" },
  },
  test: {
    solidity: {
      fuzz: { runs: 256, seed: "0x41737361" },
      invariant: { runs: 24, depth: 48, failOnRevert: true },
    },
  },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", allowUnlimitedContractSize: false },
  },
});
