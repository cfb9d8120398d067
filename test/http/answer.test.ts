import { describe, expect, it } from "vitest";
import {
  answerHealth,
  answerReadiness,
  briefAnswer,
  jsonAnswer,
  parameterIn,
  routeOf,
  textAnswer,
} from "../../src/http/answer.ts";
import type { Status } from "../../src/status/status.ts";
import { AT, IN_TROUBLE, OWNED, SUSPICION, WELL } from "../fixtures/status.ts";

describe("a request", () => {
  it.each([
    { target: "/", route: "page" },
    { target: "/healthz", route: "healthz" },
    { target: "/readyz?verbose", route: "readyz" },
    { target: "/status", route: "status" },
    { target: "/metrics?name[]=x", route: "metrics" },
    { target: "/journal?since=1h", route: "journal" },
    { target: "/events", route: "events" },
  ])("for $target goes to $route", ({ target, route }) => {
    expect(routeOf("GET", target)).toBe(route);
    expect(routeOf("HEAD", target)).toBe(route);
  });

  it.each(["", "*", "/nothing", "/status/", "//", "/toString", "/__proto__", "http://example.com/status"])(
    "for %j finds nothing",
    (target) => {
      expect(routeOf("GET", target)).toMatchObject({ status: 404 });
    },
  );

  it.each(["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""])("by %s is refused", (method) => {
    const refusal = { status: 405, headers: { Allow: "GET, HEAD" } };

    expect(routeOf(method, "/status")).toMatchObject(refusal);
    expect(routeOf(method, "/nothing")).toMatchObject(refusal);
  });
});

it("shows names from outside without what they could do to a terminal", () => {
  const name = "node\u009b2J\u202e";
  const status = { ...WELL, host: { uuid: "u1", name }, instances: [{ ...OWNED, name, state: "FAULT" }] };

  expect(JSON.parse(jsonAnswer(status).body).host.name).toBe(name);
  for (const { body } of [jsonAnswer(status), answerReadiness(status)])
    expect(body.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it.each([
  { target: "/journal", since: undefined },
  { target: "/journal?", since: undefined },
  { target: "/journal?since=", since: "" },
  { target: "/journal?other=1&since=1h", since: "1h" },
  { target: "/journal?since=2026-11-22T03%3A14%3A00Z", since: "2026-11-22T03:14:00Z" },
  { target: "/journal?since=%zz", since: "%zz" },
])("$target asks since $since", ({ target, since }) => expect(parameterIn(target, "since")).toBe(since));

describe("/healthz", () => {
  it.each<{ why: string; status: Status }>([
    { why: "all is well", status: WELL },
    { why: "nothing runs yet", status: { ...IN_TROUBLE, instances: [] } },
    {
      why: "metadata is away and a candidate was refused",
      status: { ...IN_TROUBLE, keepalived: WELL.keepalived },
    },
    { why: "the host may not own its VIPs", status: { ...WELL, instances: [{ ...OWNED, state: "FAULT" }] } },
  ])("is 200 while $why", ({ status }) => {
    expect(answerHealth(status)).toEqual(textAnswer(200, "ok"));
  });

  it("is 503 with the reason while keepalived does not run", () => {
    expect(answerHealth(IN_TROUBLE)).toEqual(
      textAnswer(503, "keepalived does not run: keepalived ended by SIGKILL"),
    );
    expect(answerHealth({ ...IN_TROUBLE, problems: [] }).body).toBe("keepalived does not run\n");
  });

  it.each([
    { what: "may be a change that is under way", isLasting: false, status: 200 },
    { what: "lasts", isLasting: true, status: 503 },
  ])("is $status when a contradiction $what, whatever the clock says", ({ isLasting, status }) => {
    const contradictions = [{ text: "main is MASTER without 198.51.100.50", since: AT, isLasting }];
    const { body, ...answer } = answerHealth({ ...WELL, contradictions });

    expect(answer.status).toBe(status);
    if (status === 503) expect(body).toBe(`main is MASTER without 198.51.100.50 (since ${AT})\n`);
  });
});

describe("/readyz", () => {
  it("is 200 while everything is well", () => {
    expect(answerReadiness(WELL)).toEqual(textAnswer(200, "ok"));
  });

  it("is 200 on a drained host, as `status` exits with 0, and 503 where more is wrong with it", () => {
    const health = WELL.health.map((one) => ({
      ...one,
      isHealthy: false,
      isDrained: true,
      drainedBy: "command",
    }));
    const drained: Status = { ...WELL, health, instances: [{ ...OWNED, state: "FAULT" }] };
    const problem = {
      part: "metadata",
      code: undefined,
      message: "gone",
      hint: undefined,
      since: AT,
    } as const;

    expect(answerReadiness(drained)).toEqual(textAnswer(200, "drained, otherwise well"));
    expect(answerReadiness({ ...drained, problems: [problem] })).toEqual(textAnswer(503, "metadata: gone"));
    expect(answerReadiness({ ...drained, health: WELL.health })).toMatchObject({ status: 503 });
  });

  it("is 503 while another owner is suspected, and /healthz is 200", () => {
    const status = { ...WELL, splitBrain: [{ ...SUSPICION, since: AT }] };

    expect(answerReadiness(status)).toEqual(
      textAnswer(503, `split brain main: foreign-router: ${SUSPICION.text}`),
    );
    expect(answerHealth(status)).toEqual(textAnswer(200, "ok"));
  });

  it("is 503 with every reason otherwise", () => {
    const { status, body } = answerReadiness(IN_TROUBLE);

    expect(status).toBe(503);
    expect(body.trimEnd().split("\n")).toEqual([
      "keepalived does not run",
      `group main is STOPPED since ${AT}`,
      "KEEPALIVED_EXITED: keepalived ended by SIGKILL",
    ]);
  });
});

it("answers /status?brief without what grows with the members, in one line", () => {
  const [instance] = WELL.instances;
  const { body } = briefAnswer({ ...WELL, instances: [{ ...instance!, peers: ["198.51.100.12"] }] });
  const { members: _, instances, ...rest } = JSON.parse(JSON.stringify(WELL));
  const { peers: __, ...group } = instances[0];

  expect(JSON.parse(body)).toEqual({ ...rest, instances: [group] });
  expect(body.trimEnd()).not.toContain("\n");
});

it("answers /status with what `status --json` prints", () => {
  expect(jsonAnswer(WELL)).toEqual({
    status: 200,
    headers: { "Content-Type": "application/json" },
    body: `${JSON.stringify(WELL, undefined, 2)}\n`,
  });
});
