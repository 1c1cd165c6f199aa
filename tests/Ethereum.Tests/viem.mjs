// Answers what viem makes of each line: one JSON request a line, one JSON answer.
import { createInterface } from "node:readline";
import * as viem from "viem";
import { privateKeyToAccount } from "viem/accounts";

const toValue = (type, json) => {
  if (type.type.endsWith("]")) return json.map((item) => toValue({ ...type, type: type.type.slice(0, type.type.lastIndexOf("[")) }, item));
  if (type.type === "tuple") return Object.fromEntries(type.components.map((c, i) => [c.name, toValue(c, json[i])]));
  const [, bits] = /^u?int(\d*)$/.exec(type.type) ?? [];
  if (bits === undefined) return json;
  return Number(bits || 256) <= 48 ? Number(json) : BigInt(json);
};
const reviveNumbers = (object) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, typeof value === "string" && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value]));

const commands = {
  abi: ({ cases }) =>
    cases.map(({ types, values, ours }) => ({
      encoded: viem.encodeAbiParameters(types, types.map((type, i) => toValue(type, values[i]))),
      again: viem.encodeAbiParameters(types, viem.decodeAbiParameters(types, ours)),
    })),
  typedData: ({ cases }) => cases.map((data) => viem.hashTypedData(data)),
  transactions: ({ key, cases }) => {
    const account = privateKeyToAccount(key);
    return Promise.all(
      cases.map(async ({ authorizations, ...transaction }) => {
        const authorizationList = authorizations && (await Promise.all(authorizations.map((a) => account.signAuthorization(a))));
        return account.signTransaction({ ...reviveNumbers(transaction), ...(authorizationList && { authorizationList }) });
      }),
    );
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...request } = JSON.parse(line);
  console.log(JSON.stringify(await commands[command](request)));
}
