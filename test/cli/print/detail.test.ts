import { describe, expect, it } from "vitest";
import { decisionLines } from "../../../cli/print/decision-tree.ts";
import { errorLines } from "../../../cli/print/error.ts";
import { detailLines } from "../../../cli/print/event-detail.ts";
import { excerptLines } from "../../../cli/print/excerpt.ts";
import { unicodeGlyphs } from "../../../cli/print/glyphs.ts";
import { problemLines } from "../../../cli/print/problem.ts";
import { lineText } from "../../../cli/print/segment.ts";
import { causeOfDecision } from "../../../runtime/store/cause.ts";
import { MeshError } from "../../../runtime/core/error.ts";
import { allowed, denied, exchange, handshake, plaintext, problem, refusal } from "../support/synthetic.ts";

const text = (lines: Parameters<typeof lineText>[0][] | readonly Parameters<typeof lineText>[0][]): string =>
  lines.map(lineText).join("\n");

describe("detailLines", () => {
  it("explains a refusal clause by clause and shows the handshake it came through", () => {
    expect(text(detailLines(refusal(8), handshake(2), unicodeGlyphs))).toContain(
      [
        "DENY  no ALLOW rule matched: from.source.principals wants cluster.local/ns/default/sa/frontend, the caller is cluster.local/ns/default/sa/intruder",
        "  at mesh/authz.yaml:14:13  ALLOW AuthorizationPolicy default/backend-allow rule 0",
        "",
        "GET backend:8080/api/data → 403",
        "r-8  03:04:13.000  generation 14",
        "from intruder-1 10.244.0.5:41822  spiffe://cluster.local/ns/default/sa/intruder",
        "to   backend-1 10.244.0.4:8080  spiffe://cluster.local/ns/default/sa/backend",
        "",
        "details rbac_access_denied_matched_policy[none]",
        "ALLOW  no rule matched, so it is refused",
        "  missed  AuthorizationPolicy default/backend-allow rule 0, one clause away mesh/authz.yaml:12:7",
        "    missed from.source.principals wanted cluster.local/ns/default/sa/frontend; the request had cluster.local/ns/default/sa/intruder mesh/authz.yaml:14:13",
        "    held   to.operation.methods GET",
        "",
        "handshake completed in 2.1 ms, server side",
        "  TLSv1.3  TLS_AES_256_GCM_SHA384",
        "  alpn istio-http/1.1",
        "  sni outbound_.8080_._.backend.default.svc.cluster.local",
        "  server  spiffe://cluster.local/ns/default/sa/backend",
        "    serial 5f3a9c0177",
        "    valid 2026-01-02 03:04:05Z to 2026-01-03 03:04:05Z",
        "    issued by O=cluster.local",
        "  client  spiffe://cluster.local/ns/default/sa/frontend",
      ].join("\n"),
    );
  });

  it("says in words at which step a handshake failed, and which line of YAML made it so", () => {
    expect(text(detailLines(plaintext(9), undefined, unicodeGlyphs))).toContain(
      [
        "TLS-FAIL  plaintext under STRICT, before TLS began: the caller sent plaintext; seen by the server backend-1",
        "  at mesh/peer.yaml:8:11  PeerAuthentication default/backend spec.mtls.mode",
        "",
        "outsider-1 → backend-1:8080",
      ].join("\n"),
    );
    expect(text(detailLines(plaintext(9), undefined, unicodeGlyphs))).toContain(
      [
        "handshake failed before TLS began: the caller sent plaintext, seen by the server",
        "  plaintext under STRICT",
        "  because of PeerAuthentication default/backend mesh/peer.yaml:8:11",
      ].join("\n"),
    );
  });

  it("never claims a handshake that did not happen", () => {
    expect(text(detailLines(exchange(1, { handshake: null }), undefined, unicodeGlyphs))).toContain(
      "plaintext: no handshake",
    );
    expect(text(detailLines(exchange(1, { side: "outbound", decision: null }), undefined, unicodeGlyphs))).toContain(
      "only the server's sidecar decides",
    );
  });
});

describe("decisions", () => {
  it("shows the deciding rule with its place, then everything else that was tried", () => {
    expect(text(decisionLines(allowed))).toBe(
      [
        "ALLOW  a rule matched, so it is allowed",
        "  matched AuthorizationPolicy default/backend-allow rule 0 mesh/authz.yaml:12:7",
        "    held   from.source.principals cluster.local/ns/default/sa/frontend",
        "    held   to.operation.methods GET",
      ].join("\n"),
    );
    expect(causeOfDecision(allowed).at).toMatchObject({ file: "mesh/authz.yaml", line: 12 });
    expect(causeOfDecision(denied).at).toMatchObject({ file: "mesh/authz.yaml", line: 14, column: 13 });
  });

  it("says why a rule was skipped and what a negated clause excluded", () => {
    const [miss] = denied.tried;
    if (miss?.missed === undefined || miss.missed === null) throw new Error("the fixture has a miss");
    const { clauses: _told, ...short } = miss;
    const negated = { ...short, missed: { ...miss.missed, negated: true, actual: null } };
    const skipped = { ...short, result: "skipped", skipped: "needs HTTP; this is a TCP port", missed: null } as const;
    const words = text(decisionLines({ ...denied, tried: [negated, skipped], note: "the connection was plaintext" }));
    expect(words).toContain(
      "from.source.principals excludes cluster.local/ns/default/sa/frontend; the request had nothing",
    );
    expect(words).toContain("needs HTTP; this is a TCP port");
    expect(words).toContain("note: the connection was plaintext");
  });
});

describe("problems and errors", () => {
  it("underlines the place in its source line", () => {
    expect(text(problemLines(problem))).toBe(
      [
        "mesh/authz.yaml:16:13 error MD1001 `methodz` is no field of an operation",
        '   16 |             methodz: ["GET"]',
        "      |             ^^^^^^^",
        "      in AuthorizationPolicy default/backend-allow, spec.rules[0].to[0].operation.methodz",
        "      next: did you mean `methods`?",
      ].join("\n"),
    );
  });

  it("finds a line in a file", () => {
    expect(text(excerptLines("a:\n  b: 1\r\n  c: [GET]\n", { line: 3, column: 6 }))).toBe(
      "    3 |   c: [GET]\n      |      ^^^^^",
    );
    expect(excerptLines("a", { line: 9, column: 1 })).toEqual([]);
  });

  it("prints an error as what, why and next", () => {
    const lines = errorLines(new MeshError("MD7001", "no mesh is running for /x\u001b[2J")).map(lineText);
    expect(lines).toEqual([
      "error MD7001 no mesh is running for /x\\x1b[2J",
      "  why  No daemon answers for this project folder.",
      "  next Start it with `meshdev up`, or name the folder with -C.",
    ]);
    expect(errorLines(new Error("oops")).map(lineText)).toContain("error MD9001 oops");
  });
});
