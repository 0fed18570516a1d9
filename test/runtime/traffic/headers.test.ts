import type { HttpOptions } from "../../../runtime/model/snapshot.ts";
import { defaultInboundOptions, defaultOutboundOptions } from "../../../runtime/traffic/http-options.ts";
import { describe, expect, it } from "vitest";
import type { HeaderEdit } from "../../../runtime/model/header-edit.ts";
import { appendForwardedCertificate, forwardedCertificate } from "../../../runtime/traffic/client-certificate.ts";
import { createEdit } from "../../../runtime/traffic/header-edit-builder.ts";
import { bindHeaderFormat, type FormatFacts } from "../../../runtime/traffic/header-format.ts";
import { applyPhases, bindPhases } from "../../../runtime/traffic/header-operations.ts";
import {
  type EntryContext,
  type InboundRequestContext,
  inboundRequestEdit,
  outboundEntryEdit,
  strippedRequestHeaders,
} from "../../../runtime/traffic/request-headers.ts";
import {
  inboundDecorator,
  inboundResponseEdit,
  outboundResponseEdit,
} from "../../../runtime/traffic/response-headers.ts";
import { reader } from "./request.ts";

const peer = { hash: "ab12", subject: "", uriSans: ["spiffe://cluster.local/ns/default/sa/frontend"], dnsSans: [] };
const by = "spiffe://cluster.local/ns/default/sa/backend";
const hop = `By=${by};Hash=ab12;Subject="";URI=${peer.uriSans[0]}`;

/** The headers after an edit, as a record. */
function edited(edit: HeaderEdit, lines: Readonly<Record<string, string>>): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(lines)) if (!edit.remove.has(name)) result[name] = [value];
  for (const [name, value] of edit.add) (result[name] ??= []).push(value);
  return result;
}

const facts: FormatFacts = {
  request: (name) => ({ ":path": "/a?q", "x-one": "1" })[name],
  downstreamRemoteAddress: "10.244.0.10:4444",
  downstreamLocalAddress: "10.96.0.10:8080",
  upstreamHost: "10.244.1.10:8080",
  protocol: "HTTP/1.1",
  routeName: "r",
  upstreamCluster: "outbound|8080||backend",
};

const entry: EntryContext = { requestId: "new", port: 8080, options: defaultOutboundOptions };

describe("a request on its way out", () => {
  it("gets an id and a scheme when it has none", () => {
    expect(edited(outboundEntryEdit(reader(), entry), {})).toEqual({
      "x-forwarded-proto": ["http"],
      "x-request-id": ["new"],
    });
  });

  it("keeps its own id and scheme, but an empty id counts as none", () => {
    const own = { "x-request-id": "mine", "x-forwarded-proto": "ftp" };
    expect(edited(outboundEntryEdit(reader(own), entry), own)).toEqual({
      "x-request-id": ["mine"],
      "x-forwarded-proto": ["ftp"],
    });
    const empty = { "x-request-id": "", "x-forwarded-proto": "https" };
    expect(edited(outboundEntryEdit(reader(empty), entry), empty)).toEqual({
      "x-forwarded-proto": ["https"],
      "x-request-id": ["new"],
    });
  });

  it("loses fifteen control headers and any XFCC, and nothing else", () => {
    expect(strippedRequestHeaders.size).toBe(15);
    const names = [...strippedRequestHeaders, "x-forwarded-client-cert"];
    const kept = [
      "x-envoy-is-timeout-retry",
      "x-envoy-downstream-service-cluster",
      "x-envoy-downstream-service-node",
      "x-envoy-original-path",
      "x-envoy-external-address",
      "x-forwarded-for",
      "x-envoy-fault-abort-request",
    ];
    const sent = Object.fromEntries([...names, ...kept].map((name) => [name, "1"]));
    const after = edited(outboundEntryEdit(reader(sent), entry), sent);
    expect(Object.keys(after).toSorted()).toEqual([...kept, "x-forwarded-proto", "x-request-id"].toSorted());
  });
});

describe("a request on its way in", () => {
  const context: InboundRequestContext = { ...entry, options: defaultInboundOptions, tls: true, identity: by, peer };

  it("tells who called", () => {
    const sent = {
      "x-request-id": "id",
      "x-forwarded-proto": "http",
      "x-envoy-decorator-operation": "d",
      "x-envoy-attempt-count": "1",
    };
    expect(edited(inboundRequestEdit(reader(sent), context), sent)).toEqual({
      "x-request-id": ["id"],
      "x-forwarded-proto": ["http"],
      "x-envoy-attempt-count": ["1"],
      "x-forwarded-client-cert": [hop],
    });
  });

  it("appends to what came over mutual TLS, and drops what came in plain text", () => {
    const sent = { "x-forwarded-client-cert": "By=x" };
    const trusted = edited(inboundRequestEdit(reader(sent), context), sent);
    expect(trusted["x-forwarded-client-cert"]).toEqual([`By=x,${hop}`]);
    expect(trusted["x-forwarded-proto"]).toEqual(["https"]);
    const plain = edited(inboundRequestEdit(reader(sent), { ...context, tls: false, peer: undefined }), sent);
    expect(plain).toEqual({ "x-forwarded-proto": ["http"], "x-request-id": ["new"] });
  });

  it("writes XFCC in Envoy's order", () => {
    const all = { subject: true, uri: true, dns: true };
    const named = { hash: "00", subject: "CN=client", uriSans: ["spiffe://a", "spiffe://b"], dnsSans: ["x.y", "z"] };
    expect(forwardedCertificate(by, named, all)).toBe(
      `By=${by};Hash=00;Subject="CN=client";URI=spiffe://a;URI=spiffe://b;DNS=x.y;DNS=z`,
    );
    expect(forwardedCertificate(by, { ...named, uriSans: [], dnsSans: [] }, all)).toBe(
      `By=${by};Hash=00;Subject="CN=client";URI=`,
    );
    expect(appendForwardedCertificate(["a", "", "b"], "c")).toBe("a,b,c");
  });
});

describe("what a ProxyConfig changes", () => {
  const inbound = (change: Partial<HttpOptions>): InboundRequestContext => ({
    requestId: "new",
    port: 8080,
    options: { ...defaultInboundOptions, ...change },
    tls: true,
    identity: by,
    peer,
  });

  // recorded: xfcc-headers/proxyheaders-*, details-nothing
  it.each([
    ["SANITIZE", undefined, undefined],
    ["SANITIZE_SET", hop, undefined],
    ["FORWARD_ONLY", "By=x", undefined],
    ["APPEND_FORWARD", `By=x,${hop}`, undefined],
    ["ALWAYS_FORWARD_ONLY", "By=x", "By=x"],
  ] as const)("%s sends %s over mutual TLS, %s over plain text", (forwardedClientCert, secure, plain) => {
    const sent = { "x-forwarded-client-cert": "By=x" };
    const context = inbound({ forwardedClientCert });
    const over = (one: InboundRequestContext): string | undefined =>
      edited(inboundRequestEdit(reader(sent), one), sent)["x-forwarded-client-cert"]?.join("|");
    expect(over(context)).toBe(secure);
    expect(over({ ...context, tls: false, peer: undefined })).toBe(plain);
  });

  it("tells only the wanted parts of a certificate", () => {
    const clientCertDetails = { subject: false, uri: false, dns: false };
    const after = edited(inboundRequestEdit(reader(), inbound({ clientCertDetails })), {});
    expect(after["x-forwarded-client-cert"]).toEqual([`By=${by};Hash=${peer.hash}`]);
  });

  it("makes no request id, tells the port that was dialled, keeps the application's own", () => {
    const options = { ...defaultOutboundOptions, requestId: false, forwardedPort: true };
    expect(edited(outboundEntryEdit(reader(), { ...entry, options }), {})).toEqual({
      "x-forwarded-proto": ["http"],
      "x-forwarded-port": ["8080"],
    });
    const own = { "x-forwarded-port": "1", "x-forwarded-proto": "http", "x-request-id": "" };
    expect(edited(outboundEntryEdit(reader(own), { ...entry, options }), own)).toEqual({
      "x-forwarded-proto": ["http"],
      "x-forwarded-port": ["1"],
      "x-request-id": [""],
    });
  });

  it("names the server otherwise, or leaves it and the service time to the application", () => {
    const sent = { server: "app", date: "d", "x-envoy-upstream-service-time": "9" };
    const plain = { serviceTimeMs: 3, date: "now", phases: [], facts, decorator: undefined };
    const named = { ...plain, options: { server: "mine", debugHeaders: true } };
    const silent = { ...plain, options: { server: undefined, debugHeaders: false } };
    for (const edit of [inboundResponseEdit(reader(sent), named), outboundResponseEdit(reader(sent), named)])
      expect(edited(edit, sent)).toEqual({ date: ["d"], server: ["mine"], "x-envoy-upstream-service-time": ["3"] });
    for (const edit of [inboundResponseEdit(reader(sent), silent), outboundResponseEdit(reader(sent), silent)])
      expect(edited(edit, sent)).toEqual({ date: ["d"], server: ["app"], "x-envoy-upstream-service-time": ["9"] });
  });

  // recorded: headers/websocket-both
  it("an answer to an upgrade tells no service time", () => {
    const context = { serviceTimeMs: undefined, date: "now", phases: [], facts, decorator: undefined };
    const inside = inboundResponseEdit(reader(), { ...context, options: defaultInboundOptions });
    const outside = outboundResponseEdit(reader(), { ...context, options: defaultOutboundOptions });
    expect([edited(inside, {}), edited(outside, {})]).toEqual([
      { date: ["now"], server: ["istio-envoy"] },
      { date: ["now"], server: ["envoy"] },
    ]);
  });
});

describe("responses", () => {
  it("leave the server's proxy with its name, the time taken and, for strangers, the operation", () => {
    const sent = { server: "Apache", date: "d", "x-envoy-upstream-service-time": "9" };
    const edit = inboundResponseEdit(reader(sent), {
      serviceTimeMs: 3,
      date: "now",
      decorator: inboundDecorator("b.default", 8080),
      options: defaultInboundOptions,
    });
    expect(edited(edit, sent)).toEqual({
      date: ["d"],
      server: ["istio-envoy"],
      "x-envoy-upstream-service-time": ["3"],
      "x-envoy-decorator-operation": ["b.default:8080/*"],
    });
    const quiet = inboundResponseEdit(reader(), {
      serviceTimeMs: 0,
      date: "now",
      decorator: undefined,
      options: defaultInboundOptions,
    });
    expect(edited(quiet, {})).toEqual({
      date: ["now"],
      server: ["istio-envoy"],
      "x-envoy-upstream-service-time": ["0"],
    });
  });

  it("reach the caller renamed and without the operation, whatever the route wants", () => {
    const sent = {
      server: "istio-envoy",
      "x-envoy-decorator-operation": "zzz",
      "x-envoy-upstream-service-time": "9",
      "x-rm": "1",
      "x-cmb": "one",
    };
    const phases = bindPhases(
      { set: { server: "mine", "x-set": "S" }, add: { "x-cmb": "two" }, remove: ["x-rm", "date"] },
      undefined,
      false,
    );
    const edit = outboundResponseEdit(reader(sent), {
      serviceTimeMs: 5,
      date: "now",
      phases,
      facts,
      options: defaultOutboundOptions,
    });
    expect(edited(edit, sent)).toEqual({
      server: ["envoy"],
      date: ["now"],
      "x-envoy-upstream-service-time": ["5"],
      "x-set": ["S"],
      "x-cmb": ["one", "two"],
    });
  });

  it("can be read by formats", () => {
    const sent = { "x-a": "1", date: "d" };
    const phases = bindPhases({ set: { "x-copy": "%RESP(x-a)%-%REQ(x-one)%-%RESP(none)%" } }, undefined, false);
    const edit = outboundResponseEdit(reader(sent), {
      serviceTimeMs: 5,
      date: "now",
      phases,
      facts,
      options: defaultOutboundOptions,
    });
    expect(edited(edit, sent)["x-copy"]).toEqual(["1-1-"]);
  });
});

function apply(
  phases: ReturnType<typeof bindPhases>,
  lines: Readonly<Record<string, string>> = {},
): Record<string, string[]> {
  const edit = createEdit();
  applyPhases(phases, edit, facts);
  return edited(edit, lines);
}

describe("header operations", () => {
  const route = { set: { "x-a": "route" }, add: { "x-b": "route" } };
  const destination = { set: { "x-a": "dst" }, add: { "x-b": "dst" } };

  it("of a single destination follow the route's", () => {
    expect(apply(bindPhases(route, destination, false))).toEqual({ "x-a": ["dst"], "x-b": ["route", "dst"] });
  });

  it("of one among several run before the route's", () => {
    expect(apply(bindPhases(route, destination, true))).toEqual({ "x-a": ["route"], "x-b": ["dst", "route"] });
  });

  it("remove first, then set, then add", () => {
    const phases = bindPhases(
      { set: { "X-S": "1" }, add: { "x-c": "2" }, remove: ["X-Rm", "x-c", "host", ":path"] },
      undefined,
      false,
    );
    const lines = { "x-rm": "r", "x-c": "1", "x-s": "0", host: "h" };
    expect(apply(phases, lines)).toEqual({ host: ["h"], "x-s": ["1"], "x-c": ["2"] });
  });

  it("never touch pseudo headers and host, and skip values that come out empty", () => {
    expect(
      apply(bindPhases({ set: { ":authority": "x", host: "y", "x-none": "%REQ(nothing)%" } }, undefined, false)),
    ).toEqual({});
    expect(bindPhases(undefined, undefined, true)).toEqual([]);
  });
});

it.each([
  ["plain", "plain"],
  ["100%%", "100%"],
  ["%REQ(X-ONE)%", "1"],
  ["%REQ(X-NONE?:PATH)%", "/a?q"],
  ["<%REQ(x-none)%>", "<>"],
  ["%REQ(:PATH):2%", "/a"],
  ["%DOWNSTREAM_REMOTE_ADDRESS%", "10.244.0.10:4444"],
  ["%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.244.0.10"],
  ["%DOWNSTREAM_REMOTE_PORT%", "4444"],
  [
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%",
    "10.96.0.10:8080 10.96.0.10 8080",
  ],
  ["%UPSTREAM_HOST%|%UPSTREAM_CLUSTER%", "10.244.1.10:8080|outbound|8080||backend"],
  ["%PROTOCOL% %ROUTE_NAME%", "HTTP/1.1 r"],
  ["%UNKNOWN%", ""],
])("the header value %j reads %j", (text, expected) => {
  expect(bindHeaderFormat(text)(facts)).toBe(expected);
});
