// SPDX-License-Identifier: Apache-2.0
// What tests/bench/engine.c asks of ambit's engine, asked of Cedar and of casbin: policies of three rules of which an
// agent lists two, and rules of one agent; every question is allowed. Prints `ENGINE N WHAT NS ns`, the best of the
// rounds in time of the processor. Sets are parsed beforehand. Casbin gets the rules of the one action that is asked
// for, and no never rule.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const cedar = require("@cedar-policy/cedar-wasm/nodejs");
const { newEnforcer, newModelFromString, StringAdapter } = require("casbin");

const ROUNDS = 3, ROUND_MS = 150, AT_LEAST = 3;
const SIZES = [10, 100, 1000, 10000];

const path = (p, r) => `team${p}/app${r}`;
const uid = (type, id) => ({ type, id });

// [{who, path}] of every rule: `who` is the policy that has it, or the agent itself.
function rulesOf(what, n) {
  if (what === "rules") return Array.from({ length: n }, (_, i) => ({ who: "agent0", path: path(Math.floor(i / 256), i % 256) }));
  return Array.from({ length: 3 * n }, (_, i) => ({ who: `policy${Math.floor(i / 3)}`, path: path(Math.floor(i / 3), i % 3) }));
}

// Ten agents, spread over all, ask in turn, each about what one of its policies gives.
function questionsOf(what, n, rules) {
  return Array.from({ length: 1000 }, (_, i) => {
    const seed = (i * 2654435761) % 2 ** 32;
    if (what === "rules") return { agent: "agent0", lists: [], path: rules[seed % n].path + "/web-1" };
    const agent = (seed % 10) * (n / 10);
    const listed = [agent, (agent + 1) % n];
    return { agent: `agent${agent}`, lists: listed.map((p) => `policy${p}`), path: path(listed[i % 2], i % 3) + "/web-1" };
  });
}

function cedarOf(what, rules) {
  const scope = (who) => (what === "rules" ? `principal == Agent::"${who}"` : `principal in Policy::"${who}"`);
  const permits = rules.map(
    (r) => `permit(${scope(r.who)}, action in [Action::"service.read", Action::"service.restart"], resource)
when { resource.type == "svc" && resource.path like "${r.path}/*" };`,
  );
  permits.push(`forbid(principal, action, resource) when { resource.type == "db" && resource.path like "prod/*" };`);
  const parsed = cedar.preparsePolicySet("set", { staticPolicies: permits.join("\n") });
  if (parsed.type !== "success") throw new Error(JSON.stringify(parsed.errors[0]));
  return (q) => {
    const answer = cedar.statefulIsAuthorized({
      principal: uid("Agent", q.agent),
      action: uid("Action", "service.restart"),
      resource: uid("Resource", "r"),
      context: {},
      preparsedPolicySetId: "set",
      entities: [
        { uid: uid("Agent", q.agent), attrs: {}, parents: q.lists.map((p) => uid("Policy", p)) },
        { uid: uid("Resource", "r"), attrs: { type: "svc", path: q.path }, parents: [] },
      ],
    });
    return answer.type === "success" && answer.response.decision === "allow";
  };
}

const MODEL = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && keyMatch(r.obj, p.obj) && g(r.sub, p.sub)
`;

async function casbinOf(what, rules, questions) {
  const lines = rules.map((r) => `p, ${r.who}, ${r.path}/*, service.restart`);
  const roles = new Set(questions.flatMap((q) => q.lists.map((p) => `g, ${q.agent}, ${p}`)));
  const enforcer = await newEnforcer(newModelFromString(MODEL), new StringAdapter([...lines, ...roles].join("\n")));
  return (q) => enforcer.enforceSync(q.agent, q.path, "service.restart");
}

function cpuNs(since) {
  const { user, system } = process.cpuUsage(since);
  return 1000 * (user + system);
}

function measure(decide, questions) {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    let n = 0;
    const start = process.cpuUsage();
    let spent = 0;
    while (n < AT_LEAST || spent < ROUND_MS * 1e6) {
      if (!decide(questions[n++ % questions.length])) throw new Error("not allowed");
      if (n < AT_LEAST || n % 16 === 0 || spent > 1e7) spent = cpuNs(start);
    }
    spent = cpuNs(start);
    best = Math.min(best, spent / n);
  }
  return Math.round(best);
}

// The compilers of Node warm up on a set that is not counted.
for (let i = 0; i < 5; i++) {
  const rules = rulesOf("policies", 10);
  const questions = questionsOf("policies", 10, rules);
  measure(cedarOf("policies", rules), questions);
  measure(await casbinOf("policies", rules, questions), questions);
}
for (const what of ["policies", "rules"]) {
  for (const n of SIZES) {
    const rules = rulesOf(what, n);
    const questions = questionsOf(what, n, rules);
    console.log(`cedar ${n} ${what} ${measure(cedarOf(what, rules), questions)} ns`);
    console.log(`casbin ${n} ${what} ${measure(await casbinOf(what, rules, questions), questions)} ns`);
  }
}
