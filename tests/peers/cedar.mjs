// SPDX-License-Identifier: Apache-2.0
// Cedar behind standard input and output, one JSON text a line each way:
//   {"policies": {ID: text}}                            takes up a set: {"ok": true}
//   {"ask": [{"resource": {..attributes}, "context": {..}}]}   [[decision, [IDs that decided], [IDs that failed]], ..]
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const cedar = createRequire(import.meta.url)("@cedar-policy/cedar-wasm/nodejs");
const uid = (type, id) => ({ type, id });

function takeUp(policies) {
  const answer = cedar.preparsePolicySet("set", { staticPolicies: policies });
  return answer.type === "success" ? { ok: true } : { ok: false, errors: answer.errors };
}

function ask({ resource, context }) {
  const answer = cedar.statefulIsAuthorized({
    principal: uid("Agent", "a"),
    action: uid("Action", "act"),
    resource: uid("Resource", "r"),
    context,
    preparsedPolicySetId: "set",
    entities: [{ uid: uid("Resource", "r"), attrs: resource, parents: [] }],
  });
  if (answer.type !== "success") return ["failure", answer.errors, []];
  const { decision, diagnostics } = answer.response;
  return [decision, diagnostics.reason, diagnostics.errors.map((e) => e.policyId)];
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  const answer = message.policies ? takeUp(message.policies) : message.ask.map(ask);
  process.stdout.write(JSON.stringify(answer) + "\n");
}
